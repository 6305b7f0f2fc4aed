package letter

import (
	"slices"
	"strings"
)

// results are what a server found out about a mail: one Authentication-Results field (RFC 8601) without its comments.
type results []result

type result struct {
	method, value string
	properties    map[string]string
}

const outlook = ".outlook.com"

// trusted finds the topmost Authentication-Results of a server that is believed. Servers of Exchange Online leave out their
// name: such a field counts when a name below outlook.com is believed and the mail's last station was one.
func trusted(h header, believed []string) (said results, server string, ok bool) {
	if len(believed) == 0 {
		return nil, "", false
	}
	for _, value := range h.all("authentication-results") {
		if len(value) > valueMost {
			continue
		}
		server, said := parseResults(value)
		if server == "" && exchange(h, believed) {
			return said, "outlook.com", true
		}
		if server != "" && slices.ContainsFunc(believed, func(b string) bool { return strings.EqualFold(b, server) }) {
			return said, server, true
		}
	}
	return nil, "", false
}

func exchange(h header, believed []string) bool {
	below := func(s string) bool { return strings.HasSuffix("."+strings.ToLower(s), outlook) }
	if !slices.ContainsFunc(believed, below) {
		return false
	}
	_, by, _ := strings.Cut(" "+uncomment(h.get("received")), " by ")
	host := strings.FieldsFunc(by, func(r rune) bool { return r == ' ' || r == ';' })
	return len(host) > 0 && below(host[0])
}

// parseResults reads a field: the server that wrote it, "" where it does not say, and its results.
func parseResults(value string) (server string, said results) {
	clauses := clauses(uncomment(value))
	if first := strings.Fields(clauses[0]); len(first) > 0 && !strings.Contains(first[0], "=") {
		server, clauses = first[0], clauses[1:]
		if len(first) > 1 && first[1] != "1" {
			return server, nil // another version of the field
		}
	}
	for _, clause := range clauses {
		words := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(clause, " =", "="), "= ", "="))
		if len(words) == 0 {
			continue
		}
		method, verdict, _ := strings.Cut(words[0], "=")
		method, _, _ = strings.Cut(method, "/")
		r := result{method: strings.ToLower(method), value: strings.ToLower(verdict), properties: map[string]string{}}
		for _, w := range words[1:] {
			if name, v, ok := strings.Cut(w, "="); ok {
				r.properties[strings.ToLower(name)] = strings.ToLower(strings.Trim(v, `"`))
			}
		}
		said = append(said, r)
	}
	return server, said
}

// uncomment drops comments, which hold words of the sender. Brackets in quotation marks are none.
func uncomment(s string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			if i++; quoted && depth == 0 && i < len(s) {
				b.WriteByte(s[i])
			}
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// clauses parts a value at its semicolons, those in quotation marks left alone; blanks in quotation marks part no words.
func clauses(s string) []string {
	var list []string
	var b strings.Builder
	quoted := false
	for _, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
			b.WriteRune(c)
		case c == ';' && !quoted:
			list = append(list, b.String())
			b.Reset()
		case quoted && (c == ' ' || c == '\t' || c == '='):
			b.WriteByte('_')
		default:
			b.WriteRune(c)
		}
	}
	return append(list, b.String())
}

// judge tells by what a server found whether the domain vouches for the mail.
func (said results) judge(from string) (Method, string) {
	for _, r := range said {
		if r.method != "dmarc" || r.properties["header.from"] != "" && domain(r.properties["header.from"]) != from {
			continue
		}
		switch r.value {
		case "pass":
			return DMARC, ""
		case "none", "bestguesspass", "temperror", "permerror": // there is no policy, or it cannot be read
		default:
			return None, "DMARC: " + r.value
		}
	}
	for _, r := range said {
		if r.method == "dkim" && r.value == "pass" && aligned(or(r.properties["header.d"], domain(r.properties["header.i"])), from, false) {
			return DKIM, ""
		}
	}
	for _, r := range said {
		if r.method == "spf" && r.value == "pass" && aligned(domain(r.properties["smtp.mailfrom"]), from, false) {
			return SPF, ""
		}
	}
	return None, "no server of its domain vouched for it"
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
