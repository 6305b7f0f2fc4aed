// Package pattern holds regular expressions that are compiled when they are first used: most of a hub's many patterns are
// for services that it is not connected to, and compiled they take thirty times the memory of their text.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression of package regexp. It may be used by many goroutines.
type Pattern struct {
	text    string
	compile sync.Once
	re      *regexp.Regexp
}

// New returns the pattern of an expression. A wrong one panics when it is first used, as by regexp.MustCompile.
func New(expression string) *Pattern { return &Pattern{text: expression} }

// Regexp returns the compiled expression.
func (p *Pattern) Regexp() *regexp.Regexp {
	p.compile.Do(func() { p.re = regexp.MustCompile(p.text) })
	return p.re
}

// String returns the expression.
func (p *Pattern) String() string { return p.text }

// MatchString and what follows are the methods of regexp.Regexp.

func (p *Pattern) MatchString(s string) bool              { return p.Regexp().MatchString(s) }
func (p *Pattern) FindString(s string) string             { return p.Regexp().FindString(s) }
func (p *Pattern) FindStringIndex(s string) []int         { return p.Regexp().FindStringIndex(s) }
func (p *Pattern) FindStringSubmatch(s string) []string   { return p.Regexp().FindStringSubmatch(s) }
func (p *Pattern) FindAllString(s string, n int) []string { return p.Regexp().FindAllString(s, n) }
func (p *Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.Regexp().FindAllStringIndex(s, n)
}
func (p *Pattern) ReplaceAllString(s, by string) string { return p.Regexp().ReplaceAllString(s, by) }

func (p *Pattern) FindStringSubmatchIndex(s string) []int {
	return p.Regexp().FindStringSubmatchIndex(s)
}

func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.Regexp().FindAllStringSubmatch(s, n)
}

func (p *Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.Regexp().FindAllStringSubmatchIndex(s, n)
}

func (p *Pattern) ReplaceAllStringFunc(s string, by func(string) string) string {
	return p.Regexp().ReplaceAllStringFunc(s, by)
}
