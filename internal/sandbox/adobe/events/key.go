package events

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"

	"signoff/internal/sandbox/adobe/site"
)

// key is one that signs, and where its public half lies.
type key struct {
	private *rsa.PrivateKey
	path    string
}

// pair returns the two keys that sign now. They are made when they are needed first: that takes a moment.
func (s *Site) pair() []*key {
	s.keyOnce.Do(func() {
		for i := range s.opt.Keys {
			s.keys = append(s.keys, newKey(s.opt.Keys[i]))
		}
	})
	return s.keys
}

func newKey(private *rsa.PrivateKey) *key {
	if private == nil {
		var err error
		if private, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(fmt.Sprintf("a key of 2048 bits: %v", err)) // never fails with such a size
		}
	}
	return &key{private, "/prod/keys/pub-key-" + site.Secret(8) + ".pem"}
}

// RotateKey replaces the first of the two keys, as Adobe does now and then. The address of the old one is gone.
func (s *Site) RotateKey() {
	s.Lock()
	defer s.Unlock()
	s.pair()[0] = newKey(nil)
}

func (s *Site) keyAPI() site.Interface {
	return site.Interface{Service: Service, Refuse: problem, Routes: []site.Route{{Op: "keys.get", Pattern: "GET /prod/keys/{name}", Do: s.publicKey}}}
}

func (s *Site) publicKey(c *site.Call) *site.Reply {
	for _, k := range s.pair() {
		if k.path != "/prod/keys/"+c.PathValue("name") {
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
		if err != nil {
			return problem(http.StatusInternalServerError, err.Error())
		}
		return site.Answer(http.StatusOK, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})).With("Content-Type", "application/x-pem-file")
	}
	return problem(http.StatusNotFound, "")
}

// sign returns the signature of a body.
func (k *key) sign(body []byte) string {
	sum := sha256.Sum256(body)
	raw, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		panic(fmt.Sprintf("sign: %v", err)) // the key is large enough
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// Seal returns the older x-adobe-signature of a body.
func Seal(clientSecret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
