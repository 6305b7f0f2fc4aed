package config

import (
	"fmt"
	"net/url"
	"time"

	"signoff/internal/secret"
	"signoff/internal/source"
)

// Autofill says who reads words for forms besides the rules. Without BaseURL nobody does.
type Autofill struct {
	BaseURL string
	Model   string
	Key     secret.Secret
	Timeout time.Duration
}

const mostPatience = 10 // seconds that somebody looks at an open form

func (l *loader) autofill(n *source.Node) {
	if n == nil || !l.Map(n, autofillShape()) {
		return
	}
	provider := "rules"
	l.enum(n, "provider", &provider, autofillShape().Words("provider")...)
	if provider == "rules" {
		return
	}
	a := &l.c.Autofill
	a.Timeout = 3 * time.Second
	for _, need := range []struct {
		key  string
		into *string
	}{{"base_url", &a.BaseURL}, {"model", &a.Model}} {
		if !l.text(n, need.key, need.into) && n.Key(need.key) == nil {
			l.Errorf(n.Pos(), CodeSetting, "autofill with provider: openai-compatible needs %s", need.key)
			l.Hint("base_url: https://llm.lumen.example/v1, model: the name that server gives it")
		}
	}
	if at := n.Key("base_url"); at != nil && !at.Unset() {
		if u, err := url.Parse(a.BaseURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			l.Errorf(at.Pos(), CodeSetting, "base_url is no address")
			l.Hint("it ends before /chat/completions: https://llm.lumen.example/v1")
		}
	}
	if key, ok := l.Text(n.Key("api_key")); ok {
		a.Key = secret.New(key)
	}
	if s, ok := l.Text(n.Key("timeout")); ok {
		var seconds int
		if _, err := fmt.Sscanf(s, "%d seconds", &seconds); err != nil || seconds < 1 || seconds > mostPatience {
			l.Wrong(n.Key("timeout"), fmt.Sprintf(`1 to %d seconds such as "3 seconds"`, mostPatience))
			return
		}
		a.Timeout = time.Duration(seconds) * time.Second
	}
}
