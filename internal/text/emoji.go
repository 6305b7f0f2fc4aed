package text

import (
	_ "embed"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// The names are those of Slack; testdata/emoji_table.go says where they come from. Both tables are sorted by bytes.
var (
	//go:embed emoji_names.tsv
	emojiNames string // short name, aliases and skin tones too -> character
	//go:embed emoji_chars.tsv
	emojiChars string // character -> the one short name by which we call it
)

// E returns the emoji of a short name, without its colons: "tada", "+1::skin-tone-3". Aliases become the one usual name;
// a name that is in no table, such as that of an emoji of one workspace, is shown as ":name:".
func E(name string) Node {
	if char, ok := lookup(emojiNames, name); ok {
		usual, _ := lookup(emojiChars, char)
		return Node{Kind: Emoji, Ref: usual, Text: char}
	}
	if base, tone, ok := strings.Cut(name, "::"); ok { // the skin tone of an alias
		if char, ok := lookup(emojiNames, base); ok {
			if usual, ok := lookup(emojiChars, char); ok && usual != base {
				return E(usual + "::" + tone)
			}
		}
	}
	return Node{Kind: Emoji, Ref: name, Text: ":" + name + ":"}
}

// EmojiName returns the short name of an emoji's character.
func EmojiName(char string) (string, bool) { return lookup(emojiChars, char) }

// lookup finds a line of a sorted table.
func lookup(table, key string) (string, bool) {
	if key == "" || strings.ContainsAny(key, "\t\n") {
		return "", false
	}
	begin := func(at int) int { return strings.LastIndexByte(table[:at], '\n') + 1 }
	// The search is over bytes: each stands for the line it lies in.
	at := sort.Search(len(table), func(i int) bool {
		line := table[begin(i):]
		have, _, _ := strings.Cut(line[:strings.IndexByte(line, '\n')], "\t")
		return have >= key
	})
	if at == len(table) {
		return "", false
	}
	line := table[begin(at):]
	have, value, _ := strings.Cut(line[:strings.IndexByte(line, '\n')], "\t")
	return value, have == key
}

// longestEmoji is how many runes the longest character of the table has.
const longestEmoji = 10

// EmojiNames parts s into texts and emoji where a markup has names between colons. They stand by themselves: "10:30:45" holds
// none, and a backslash before the colon takes it its meaning. Characters need no reading: Normal makes nodes of them.
func EmojiNames(s string) []Node {
	return partEmoji(s, func(from, i int) (Node, int) {
		if s[i] != ':' {
			return Node{}, 0
		}
		return namedAt(s, from, i)
	})
}

// partChars parts s into texts and the characters of the table.
func partChars(s string) []Node {
	return partEmoji(s, func(_, i int) (Node, int) {
		if c := s[i]; c >= 0xE2 || c == 0xC2 || c < utf8.RuneSelf && strings.HasPrefix(s[i+1:], "\uFE0F\u20E3") {
			return charAt(s[i:])
		}
		return Node{}, 0
	})
}

// partEmoji parts s at what at finds. from is where the last emoji ended.
func partEmoji(s string, at func(from, i int) (Node, int)) []Node {
	var nodes []Node
	plain := 0
	for i := 0; i < len(s); {
		node, size := at(plain, i)
		if size == 0 {
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
			continue
		}
		if plain < i {
			nodes = append(nodes, T(s[plain:i]))
		}
		nodes = append(nodes, node)
		i += size
		plain = i
	}
	if plain < len(s) {
		nodes = append(nodes, T(s[plain:]))
	}
	return nodes
}

// charAt finds the longest character of the table at the beginning of s.
func charAt(s string) (Node, int) {
	var ends []int
	for i := 0; len(ends) < longestEmoji && i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if i > 0 && !joinsEmoji(r) && !strings.HasSuffix(s[:i], "\u200D") {
			break
		}
		i += n
		ends = append(ends, i)
	}
	for _, end := range slices.Backward(ends) {
		if name, ok := lookup(emojiChars, s[:end]); ok {
			return Node{Kind: Emoji, Ref: name, Text: s[:end]}, end
		}
	}
	return Node{}, 0
}

// joinsEmoji reports whether a rune can go on with the character before it: variants, joiners, keycaps, skin tones, the
// second letter of a flag, and the tags of regions.
func joinsEmoji(r rune) bool {
	switch {
	case r == 0xFE0F, r == 0x200D, r == 0x20E3, r >= 0x1F3FB && r <= 0x1F3FF, r >= 0x1F1E6 && r <= 0x1F1FF, r >= 0xE0020 && r <= 0xE007F:
		return true
	}
	return false
}

// longestName bounds what is taken for a name between colons.
const longestName = 100

// namedAt reads ":name:" or ":name::skin-tone-2:" at i; the text before it begins at from.
func namedAt(s string, from, i int) (Node, int) {
	if r, _ := utf8.DecodeLastRuneInString(s[from:i]); i > from && (besideName(r) || r == '\\') {
		return Node{}, 0
	}
	name, size := nameBetweenColons(s[i:])
	if size == 0 {
		return Node{}, 0
	}
	if r, _ := utf8.DecodeRuneInString(s[i+size:]); i+size < len(s) && wordy(r) {
		return Node{}, 0
	}
	return E(name), size
}

func nameBetweenColons(s string) (name string, size int) {
	end := strings.IndexByte(s[1:min(len(s), longestName)], ':') + 1
	if end < 2 || !IsEmojiName(s[1:end]) {
		return "", 0
	}
	name, size = s[1:end], end+1
	if tone := "::skin-tone-"; strings.HasPrefix(s[end:], tone) && len(s) > end+len(tone)+1 && s[end+len(tone)+1] == ':' {
		if digit := s[end+len(tone)]; digit >= '2' && digit <= '6' {
			return s[1 : end+len(tone)+1], end + len(tone) + 2
		}
	}
	return name, size
}

// besideName reports whether a character before the first colon takes it its meaning.
func besideName(r rune) bool { return wordy(r) || r == ':' }

// IsEmojiName reports whether s can be the short name of an emoji: small letters of any script, digits and a few marks, with one
// letter at least or a name of the table.
func IsEmojiName(s string) bool {
	letter := false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', strings.ContainsRune("_+-'", r):
		case wordy(r) && r == lower(r):
			letter = true
		default:
			return false
		}
	}
	if letter || s == "" {
		return letter
	}
	_, ok := lookup(emojiNames, s)
	return ok
}
