-- wrk script: which requests a scenario sends. `wrk ... -- hit`

local SESSIONS = 1000
local count = 0

local scenarios = {
    -- The route without identity: what the proxying itself costs.
    plain = function()
        return wrk.format("GET", nil, { Host = "plain.test" })
    end,
    -- No token.
    anonymous = function()
        return wrk.format("GET", nil, { Host = "app.test" })
    end,
    -- Sessions that the cache knows after the first round, in turn.
    hit = function()
        count = (count + 1) % SESSIONS
        return wrk.format("GET", nil, { Host = "app.test", Authorization = "Bearer load-" .. count })
    end,
    -- A token never seen before, each time.
    garbage = function()
        count = count + 1
        return wrk.format("GET", nil, { Host = "app.test", Authorization = "Bearer guess-" .. count .. "-" .. os.time() })
    end,
}

function init(args)
    request = scenarios[args[1]] or error("unknown scenario: " .. tostring(args[1]))
end
