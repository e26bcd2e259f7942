-- The exchange in nginx: token to session to headers, with a cache in the worker. The cache and JSON are Debian's
-- lua-resty-lrucache and lua-cjson; Redis is spoken by hand, as one GET is all that is asked of it.
--
-- The cheapest of several ways that were tried, by instructions on a hit: one table of the request's headers, the cache
-- keyed by the whole Authorization header, and variables for `proxy_set_header` rather than ngx.req.set_header.

local cjson = require "cjson.safe"
local ffi = require "ffi"
local lrucache = require "resty.lrucache"

-- Of libcrypto, with which nginx is linked, and of nginx itself.
ffi.cdef [[
    unsigned char *SHA256(const unsigned char *data, size_t length, unsigned char *digest);
    unsigned char *ngx_hex_dump(unsigned char *hex, const unsigned char *data, size_t length);
]]
local digest, hex = ffi.new("unsigned char[32]"), ffi.new("unsigned char[64]")

local TTL, NEGATIVE_TTL = 60, 2
local PATIENCE_MS = 5000
local NOBODY = {}

local sessions = assert(lrucache.new(tonumber(os.getenv("CACHE_ENTRIES")) or 100000))

-- The record of a session; false: there is none; nil and a message: Redis could not say.
local function get(token)
    local redis = ngx.socket.tcp()
    redis:settimeout(PATIENCE_MS)
    local connected, failure = redis:connect("127.0.0.1", 18402, { pool_size = 128 })
    if not connected then
        return nil, failure
    end
    ffi.C.SHA256(token, #token, digest)
    ffi.C.ngx_hex_dump(hex, digest, 32)
    redis:send("*2\r\n$3\r\nGET\r\n$72\r\nsession:" .. ffi.string(hex, 64) .. "\r\n")
    local head, cut = redis:receive()
    local length = head and tonumber(head:match("^%$(-?%d+)$"))
    if not length then
        return nil, cut or head
    end
    local record = false
    if length >= 0 then
        record, cut = redis:receive(length + 2)
        if not record then
            return nil, cut
        end
        record = record:sub(1, length)
    end
    redis:setkeepalive(60000)
    return record
end

local function add(variables, name, value)
    if value then
        variables[#variables + 1] = name
        variables[#variables + 1] = value
    end
end

-- What nginx.conf calls the headers, and their values in turn. nil: this is no record.
local function render(record)
    local session = cjson.decode(record)
    if not session or session.v ~= 1 or not session.user_id then
        return nil
    end
    local identity, authenticator = session.identity or {}, session.authenticator or {}
    local variables = {
        "user_id", session.user_id,
        "user_verified", tostring(session.verified or false),
        "user_disabled", tostring(session.disabled or false),
    }
    add(variables, "identity_id", identity.id)
    add(variables, "identity_type", identity.type)
    add(variables, "identity_updated_at", identity.updated_at)
    add(variables, "authenticator_id", authenticator.id)
    add(variables, "authenticator_type", authenticator.type)
    add(variables, "authenticator_oob_channel", authenticator.type == "oob" and authenticator.channel)
    add(variables, "authenticator_updated_at", authenticator.updated_at)
    return variables
end

local function look_up(authorization)
    local token = type(authorization) == "string" and authorization:match("^[Bb]earer (.+)$")
    if not token then
        return NOBODY
    end
    local record, failure = get(token)
    if record == nil then
        ngx.log(ngx.CRIT, "redis: ", failure)
        return ngx.exit(503)
    end
    local variables = NOBODY
    if record then
        variables = render(record)
        if not variables then
            return ngx.exit(502)
        end
    end
    sessions:set(authorization, variables, record and TTL or NEGATIVE_TTL)
    return variables
end

return function()
    local received = ngx.req.get_headers(0)
    for name in pairs(received) do
        if name:sub(1, 10) == "x-skygear-" then
            ngx.req.clear_header(name)
        end
    end
    local authorization = received.authorization
    if not authorization then
        return
    end
    local variables = sessions:get(authorization) or look_up(authorization)
    local var = ngx.var
    for at = 1, #variables, 2 do
        var[variables[at]] = variables[at + 1]
    end
end
