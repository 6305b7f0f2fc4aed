package rules

import (
	"math"
	"strconv"
	"strings"

	"signoff/internal/pattern"
)

// money is an amount with its currency code, which may be empty.
type money struct {
	amount   float64
	currency string
}

// String prints the stored form: "5000 EUR".
func (m money) String() string {
	s := strconv.FormatFloat(m.amount, 'f', -1, 64)
	if m.currency == "" {
		return s
	}
	return s + " " + m.currency
}

const (
	amountPattern   = `(\d[\d.,']*(?:[ \x{a0}\x{202f}]\d{3})*)\s?(k|m|bn|thousand|million)?`
	currencyPattern = `€|£|US\$|\$|¥|EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|CAD|AUD|NZD|SGD|INR|euros?|dollars?|pounds?`
)

var (
	moneyBeforeRE = pattern.New(`(?i)(` + currencyPattern + `)\s?` + amountPattern)
	moneyAfterRE  = pattern.New(`(?i)` + amountPattern + `\s?(` + currencyPattern + `)`)
	amountRE      = pattern.New(`(?i)^` + amountPattern + `$`)
)

// currencyOf turns a sign or word into the code.
func currencyOf(s string) string {
	switch s = strings.ToLower(s); s {
	case "€", "euro", "euros":
		return "EUR"
	case "£", "pound", "pounds":
		return "GBP"
	case "$", "us$", "dollar", "dollars":
		return "USD"
	case "¥":
		return "JPY"
	}
	return strings.ToUpper(s)
}

// findMoney finds the first amount with a currency: "€5k", "5,000 USD", "£1.2m".
func findMoney(text string) (m money, at int, words string, ok bool) {
	at = -1
	for _, form := range []struct {
		re               *pattern.Pattern
		sign, amount, by int
	}{{moneyBeforeRE, 1, 2, 3}, {moneyAfterRE, 3, 1, 2}} {
		for _, g := range form.re.FindAllStringSubmatchIndex(text, maxEntries) {
			end := g[1]
			if at >= 0 && g[0] >= at || !bounded(text, g[0], end) {
				continue
			}
			amount, valid := scaled(group(text, g, form.amount), group(text, g, form.by))
			if !valid {
				continue
			}
			m = money{amount, currencyOf(group(text, g, form.sign))}
			at, words = g[0], strings.TrimRight(text[g[0]:end], " .,'")
			break
		}
	}
	return m, at, words, at >= 0
}

func group(text string, g []int, n int) string {
	if g[2*n] < 0 {
		return ""
	}
	return text[g[2*n]:g[2*n+1]]
}

// parseMoney reads a whole value: an amount, with or without a currency.
func parseMoney(s string) (money, bool) {
	s = strings.TrimSpace(s)
	if m, at, words, ok := findMoney(s); ok && at == 0 && len(words) == len(s) {
		return m, true
	}
	g := amountRE.FindStringSubmatchIndex(s)
	if g == nil {
		return money{}, false
	}
	amount, ok := scaled(group(s, g, 1), group(s, g, 2))
	return money{amount: amount}, ok
}

// scaled reads "5", "k" as 5000.
func scaled(number, by string) (float64, bool) {
	n, ok := parseNumber(number)
	if !ok {
		return 0, false
	}
	switch strings.ToLower(by) {
	case "k", "thousand":
		n *= 1e3
	case "m", "million":
		n *= 1e6
	case "bn":
		n *= 1e9
	}
	return math.Round(n*100) / 100, true
}

// parseNumber reads a plain number with or without marks between thousands. Where only one kind of mark appears and
// exactly three digits follow it, it parts thousands; otherwise the last mark is the decimal one.
func parseNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimRight(strings.TrimPrefix(s, "-"), ".,' ")
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "").Replace(s)
	dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	switch {
	case dot >= 0 && comma >= 0:
		s = decimalAt(s, max(dot, comma))
	case dot >= 0 || comma >= 0:
		at := max(dot, comma)
		mark := s[at : at+1]
		if thousands(s, mark) {
			s = strings.ReplaceAll(s, mark, "")
		} else {
			s = decimalAt(s, at)
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || len(s) > 20 {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

func decimalAt(s string, at int) string {
	whole := strings.NewReplacer(".", "", ",", "").Replace(s[:at])
	return whole + "." + s[at+1:]
}

// thousands reports whether every mark in s parts a group of exactly three digits.
func thousands(s, mark string) bool {
	groups := strings.Split(s, mark)
	if len(groups[0]) == 0 || len(groups[0]) > 3 || groups[0] == "0" {
		return false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return true
}
