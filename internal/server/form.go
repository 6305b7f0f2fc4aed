package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
)

const formMost = 64 << 10

// forms ties forms that are shown before anybody is signed in to the browser that asked for them, without keeping
// anything: the browser holds a cookie, the form what our key makes of it.
type forms struct {
	cookie string
	secure bool
	key    []byte
}

func newForms(secure bool, key string) *forms {
	return &forms{cookie: cookieName("signoff-form", secure), secure: secure, key: []byte(key)}
}

func (f *forms) mark(nonce string) string {
	m := hmac.New(sha256.New, f.key)
	m.Write([]byte(nonce))
	return hex.EncodeToString(m.Sum(nil))
}

// issue returns what a form must carry and gives the browser its cookie.
func (f *forms) issue(w http.ResponseWriter, r *http.Request) string {
	nonce := rand.Text()
	if c, err := r.Cookie(f.cookie); err == nil && len(c.Value) == len(nonce) {
		return f.mark(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: f.cookie, Value: nonce, Path: "/", HttpOnly: true, Secure: f.secure, SameSite: http.SameSiteLaxMode})
	return f.mark(nonce)
}

func (f *forms) valid(r *http.Request) bool {
	c, err := r.Cookie(f.cookie)
	return err == nil && hmac.Equal([]byte(f.mark(c.Value)), []byte(r.PostForm.Get("form")))
}

// form reads a posted form. It answers itself and returns false when the form is not one of ours.
func (s *Server) form(w http.ResponseWriter, r *http.Request, c caller) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		s.refuse(w, r, c, refusal{http.StatusUnsupportedMediaType, "content_type", "This is not a form of signoff."})
		return false
	}
	defer deadline(w)()
	r.Body = http.MaxBytesReader(w, r.Body, formMost)
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, c, refusal{http.StatusRequestEntityTooLarge, "too_large", "That was too long to take. Please shorten your words."})
		return false
	}
	good := s.forms.valid(r)
	if c.session() {
		good = hmac.Equal([]byte(c.form), []byte(r.PostForm.Get("form")))
	}
	if !good {
		s.refuse(w, r, c, refusal{http.StatusForbidden, "form_token", "This form is from another session, so nothing was done. Open the page again and repeat it."})
	}
	return good
}
