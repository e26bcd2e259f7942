// A service that believes signed assertions and nothing else. With KEYS, ISSUER, AUDIENCE and PORT in the environment:
// go mod tidy && go run .
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

const leeway = 30 * time.Second

var (
	issuer, audience   = os.Getenv("ISSUER"), os.Getenv("AUDIENCE")
	keys               = keySet{url: os.Getenv("KEYS"), client: &http.Client{Timeout: 5 * time.Second}}
	parser             = jwt.NewParser(jwt.WithValidMethods([]string{"ES256", "EdDSA"}))
	errKeysUnavailable = errors.New("keys_unavailable")
)

// Claims of an assertion. Valid is called once the signature holds.
type Claims struct {
	jwt.RegisteredClaims
	Roles              []string `json:"roles"`
	Sid                string   `json:"sid"`
	Verified, Disabled bool
}

func (c Claims) Valid() error {
	switch {
	case !c.VerifyIssuer(issuer, true):
		return errors.New("another issuer")
	case !c.VerifyAudience(audience, true):
		return errors.New("for another service")
	case !c.VerifyExpiresAt(time.Now().Add(-leeway), true):
		return errors.New("over")
	case c.Subject == "":
		return errors.New("nobody")
	}
	return nil
}

// caller is nil without a session, and an error for an assertion that does not hold.
func caller(r *http.Request) (*Claims, error) {
	assertion := r.Header.Get("X-Sessiongate-Assertion")
	if assertion == "" {
		return nil, nil
	}
	var claims Claims
	_, err := parser.ParseWithClaims(assertion, &claims, keys.of)
	return &claims, err
}

// keySet is fetched when first needed, kept for five minutes, and fetched again for a key that is not known, at most
// every 30 seconds.
type keySet struct {
	url     string
	client  *http.Client
	mutex   sync.Mutex
	known   map[string]any
	fetched time.Time
}

func (s *keySet) of(token *jwt.Token) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	kid, _ := token.Header["kid"].(string)
	age := time.Since(s.fetched)
	key, found := s.known[kid]
	if age > 5*time.Minute || (!found && age > 30*time.Second) {
		if err := s.fetch(); err != nil {
			return nil, errKeysUnavailable
		}
		key, found = s.known[kid]
	}
	if !found {
		return nil, errors.New("no such key")
	}
	// The key says which algorithm it is for; the library refuses a token that names the other one.
	return key, nil
}

func (s *keySet) fetch() error {
	response, err := s.client.Get(s.url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, response.Body, 1<<20)).Decode(&set); err != nil {
		return err
	}
	known := map[string]any{}
	for _, key := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		switch {
		case errX != nil || errY != nil:
		case key.Kty == "EC" && key.Crv == "P-256":
			point := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
			if point.Curve.IsOnCurve(point.X, point.Y) {
				known[key.Kid] = point
			}
		case key.Kty == "OKP" && key.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize:
			known[key.Kid] = ed25519.PublicKey(x)
		}
	}
	s.known, s.fetched = known, time.Now()
	return nil
}

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		who, err := caller(r)
		switch {
		case errors.Is(err, errKeysUnavailable):
			// Nothing is known of the caller, and it may be tried again.
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, `{"error": "keys_unavailable"}`)
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, `{"error": "invalid_assertion"}`)
		case who == nil:
			fmt.Fprintln(w, "null")
		default:
			json.NewEncoder(w).Encode(map[string]any{"user": who.Subject, "roles": who.Roles})
		}
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
