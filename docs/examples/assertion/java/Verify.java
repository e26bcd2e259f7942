import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * A service that believes signed assertions and nothing else, with the JDK and Gson alone. With KEYS, ISSUER,
 * AUDIENCE and PORT in the environment: java -cp gson.jar Verify.java
 */
public final class Verify {
    private static final Duration LEEWAY = Duration.ofSeconds(30);

    /** An assertion that does not hold. */
    private static final class Refused extends Exception {
        Refused(String why) {
            super(why);
        }
    }

    private final KeySet keys;
    private final String issuer;
    private final String audience;

    private Verify(KeySet keys, String issuer, String audience) {
        this.keys = keys;
        this.issuer = issuer;
        this.audience = audience;
    }

    /** Null: no session. */
    private JsonObject caller(HttpExchange exchange) throws Refused, IOException {
        var assertion = exchange.getRequestHeaders().getFirst("X-Sessiongate-Assertion");
        if (assertion == null) {
            return null;
        }
        try {
            return claims(assertion);
        } catch (GeneralSecurityException | RuntimeException fault) {
            // Not of this form: parts, base64, JSON, members.
            throw new Refused("malformed");
        }
    }

    private JsonObject claims(String assertion) throws Refused, IOException, GeneralSecurityException {
        var parts = assertion.split("\\.", -1);
        if (parts.length != 3) {
            throw new Refused("malformed");
        }
        var header = json(parts[0]);
        var key = keys.of(header.get("kid").getAsString());
        if (!header.get("alg").getAsString().equals(key.algorithm())) {
            throw new Refused("another algorithm");
        }
        var signature = Signature.getInstance(key.scheme());
        signature.initVerify(key.key());
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        if (!signature.verify(bytes(parts[2]))) {
            throw new Refused("another signature");
        }
        var claims = json(parts[1]);
        if (!claims.get("iss").getAsString().equals(issuer)) {
            throw new Refused("another issuer");
        }
        if (!claims.get("aud").getAsString().equals(audience)) {
            throw new Refused("for another service");
        }
        if (!Instant.now().isBefore(Instant.ofEpochSecond(claims.get("exp").getAsLong()).plus(LEEWAY))) {
            throw new Refused("over");
        }
        return claims;
    }

    /** A key, and the one algorithm that it is for, in the words of tokens and of the JDK. */
    private record Key(String algorithm, String scheme, PublicKey key) {
        /** Null for what is no key of an assertion. */
        static Key of(JsonObject members) throws GeneralSecurityException {
            var x = bytes(members.get("x").getAsString());
            switch (members.get("crv").getAsString()) {
                case "P-256":
                    // r and s as they stand in a token, not in DER.
                    return new Key("ES256", "SHA256withECDSAinP1363Format", p256(x, bytes(members.get("y").getAsString())));
                case "Ed25519":
                    // RFC 8410, section 4: what stands before the 32 bytes of every such key.
                    var head = HexFormat.of().parseHex("302a300506032b6570032100");
                    var spec = new X509EncodedKeySpec(ByteBuffer.allocate(44).put(head).put(x).array());
                    return new Key("EdDSA", "Ed25519", KeyFactory.getInstance("Ed25519").generatePublic(spec));
                default:
                    return null;
            }
        }

        private static PublicKey p256(byte[] x, byte[] y) throws GeneralSecurityException {
            var curve = AlgorithmParameters.getInstance("EC");
            curve.init(new ECGenParameterSpec("secp256r1"));
            var point = new ECPoint(new BigInteger(1, x), new BigInteger(1, y));
            var spec = new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class));
            return KeyFactory.getInstance("EC").generatePublic(spec);
        }
    }

    /** Fetched when first needed, kept for five minutes, and again for an unknown key, at most every 30 seconds. */
    private static final class KeySet {
        private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
        private final HttpRequest request;
        private Map<String, Key> known = Map.of();
        private Instant fetched = Instant.EPOCH;

        KeySet(String url) {
            request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(5)).build();
        }

        synchronized Key of(String kid) throws Refused, IOException {
            var age = Duration.between(fetched, Instant.now()).toSeconds();
            if (age > 300 || (!known.containsKey(kid) && age > 30)) {
                fetch();
            }
            var key = known.get(kid);
            if (key == null) {
                throw new Refused("no such key");
            }
            return key;
        }

        private void fetch() throws IOException {
            try {
                var response = client.send(request, BodyHandlers.ofString());
                if (response.statusCode() != 200) {
                    throw new IOException("no key set: " + response.statusCode());
                }
                var set = JsonParser.parseString(response.body()).getAsJsonObject().getAsJsonArray("keys");
                var found = new HashMap<String, Key>();
                for (JsonElement member : set) {
                    var key = Key.of(member.getAsJsonObject());
                    if (key != null) {
                        found.put(member.getAsJsonObject().get("kid").getAsString(), key);
                    }
                }
                known = found;
                fetched = Instant.now();
            } catch (InterruptedException | GeneralSecurityException | RuntimeException fault) {
                throw new IOException("no key set", fault);
            }
        }
    }

    private static byte[] bytes(String base64url) {
        return Base64.getUrlDecoder().decode(base64url);
    }

    private static JsonObject json(String base64url) {
        return JsonParser.parseString(new String(bytes(base64url), StandardCharsets.UTF_8)).getAsJsonObject();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try {
            var who = caller(exchange);
            answer(exchange, 200, who == null ? "null" : told(who).toString());
        } catch (Refused fault) {
            answer(exchange, 401, "{\"error\": \"" + fault.getMessage() + "\"}");
        } catch (IOException fault) {
            // The keys cannot be fetched: nothing is known of the caller, and it may be tried again.
            answer(exchange, 503, "{\"error\": \"keys_unavailable\"}");
        }
    }

    private static JsonObject told(JsonObject claims) {
        var told = new JsonObject();
        told.add("user", claims.get("sub"));
        told.add("roles", claims.getAsJsonArray("roles"));
        return told;
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var text = (body + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, text.length);
        exchange.getResponseBody().write(text);
        exchange.close();
    }

    public static void main(String[] arguments) throws IOException {
        var set = System.getenv();
        var verify = new Verify(new KeySet(set.get("KEYS")), set.get("ISSUER"), set.get("AUDIENCE"));
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(set.get("PORT")));
        var server = HttpServer.create(address, 0);
        server.createContext("/", verify::serve);
        server.start();
    }
}
