package secret

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// shortest is the length from which a registered value is masked. Shorter ones would hide ordinary words, and
// the configuration refuses them anyway.
const shortest = 4

// A Redactor masks secrets in text: the values registered with Add, and whatever has the shape of a token.
// It is safe for concurrent use.
type Redactor struct {
	adding sync.Mutex
	known  atomic.Pointer[known]
}

type known struct {
	values   []string // longest first, so that a secret that contains another is hidden whole
	replacer *strings.Replacer
}

// NewRedactor returns a Redactor that knows the given secrets.
func NewRedactor(secrets ...Secret) *Redactor {
	r := &Redactor{}
	r.Add(secrets...)
	return r
}

// Add registers further secrets, for example those of a reloaded configuration. Values are also recognised
// when they were escaped for a URL or quoted by Go.
func (r *Redactor) Add(secrets ...Secret) {
	r.adding.Lock()
	defer r.adding.Unlock()
	var values []string
	if k := r.known.Load(); k != nil {
		values = slices.Clone(k.values)
	}
	for _, s := range secrets {
		values = append(values, forms(s.Reveal())...)
	}
	slices.SortFunc(values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	values = slices.Compact(values)
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, mask)
	}
	r.known.Store(&known{values, strings.NewReplacer(pairs...)})
}

// forms lists the ways in which a value may appear inside a text.
func forms(value string) []string {
	if len(value) < shortest {
		return nil
	}
	quoted := strconv.Quote(value)
	return []string{value, url.QueryEscape(value), url.PathEscape(value), quoted[1 : len(quoted)-1]}
}

// Redact returns text without registered secrets and token-shaped strings, with control characters escaped.
func (r *Redactor) Redact(text string) string {
	if k := r.known.Load(); k != nil && len(k.values) > 0 {
		text = k.replacer.Replace(text)
	}
	return escape(maskShapes(text))
}

// A shape is a family of token-like strings. The expression is only tried where one of the hints occurs,
// because nearly all log lines hold none.
type shape struct {
	hints []string
	find  *regexp.Regexp
	show  string
}

// shapes are tried in order. What they replace keeps the part that tells which kind of token it was.
var shapes = []shape{
	{[]string{"hooks.slack"}, regexp.MustCompile(`(?i)(hooks\.slack(?:-gov)?\.com)(?::\d+)?/[^\s"'<>|\\]+`), "$1/" + mask},
	{[]string{"://"}, regexp.MustCompile(`(://[^\s/:@"'<>]*):[^\s/@"'<>]+@`), "$1:" + mask + "@"},
	{[]string{"earer", "EARER"}, regexp.MustCompile(`(?i)\b(bearer)(\s+|%20)[A-Za-z0-9._~+/=-]{6,}`), "$1 " + mask},
	{[]string{"asic", "ASIC"}, regexp.MustCompile(`\b([Bb]asic|BASIC)\s+([A-Za-z0-9+/_-]{12,}={0,2})`), "$1 " + mask},
	{[]string{"xox", "xapp", "xwfp"}, regexp.MustCompile(`\b(xox[a-z]|xapp|xwfp)([.-])[A-Za-z0-9.%-]{6,}`), "$1-" + mask},
	{[]string{"v0="}, regexp.MustCompile(`\bv0=[0-9a-fA-F]{64}\b`), "v0=" + mask},
	{[]string{"sha256="}, regexp.MustCompile(`\bsha256=[0-9a-fA-F]{64}\b`), "sha256=" + mask},
	{[]string{"sha1="}, regexp.MustCompile(`\bsha1=[0-9a-fA-F]{40}\b`), "sha1=" + mask},
	{[]string{"ATATT", "ATCTT"}, regexp.MustCompile(`\b(ATATT|ATCTT)[A-Za-z0-9_=-]{10,}`), "$1" + mask},
	{[]string{"gh", "github_pat_"}, regexp.MustCompile(`\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}`), "$1" + mask},
	{[]string{"figd_", "figu_"}, regexp.MustCompile(`\b(fig[du]_)[A-Za-z0-9_-]{16,}`), "$1" + mask},
	{[]string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`), mask},
}

func maskShapes(text string) string {
	for _, s := range shapes {
		if slices.ContainsFunc(s.hints, func(h string) bool { return strings.Contains(text, h) }) {
			text = s.find.ReplaceAllString(text, s.show)
		}
	}
	return text
}
