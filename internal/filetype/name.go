package filetype

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	nameMost = 200 // bytes, what trackers take
	extMost  = 16  // bytes; what is longer after the last dot is part of the name
	noName   = "file"
)

// CleanName makes a file name of what somebody outside called a file. It has no path, no control, direction or other invisible
// characters and none that a file system gives a meaning to, is no reserved name and not hidden, has at most 200 bytes,
// cut at a character before the extension, and is never empty. It is a name to show and to hand to a tracker: nothing of ours is
// stored under it.
func CleanName(s string) string {
	s = strings.ToValidUTF8(s, "_")
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Join(strings.Fields(strings.Map(cleanRune, s)), " ")
	s = strings.TrimRight(s, ". ")
	visible := strings.TrimLeft(s, ". ")
	if visible != s && known(visible) {
		visible = noName + "." + visible // nothing but an extension was left
	}
	if visible == "" {
		return noName
	}
	if reserved(visible) {
		visible = "_" + visible
	}
	return cut(visible)
}

// cleanRune drops what cannot be seen, turns every kind of space into a plain one and what file systems read into a line.
func cleanRune(r rune) rune {
	switch {
	case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Noncharacter_Code_Point):
		return -1
	case strings.ContainsRune(`<>:"|?*`, r), strings.ContainsRune("\u2044\u2215\u29f8\uff0f\u29f5\u29f9\ufe68\uff3c\uff1a\u2236", r):
		return '_' // the second list only looks like / \ and :, until somebody's conversion makes it one
	}
	return r
}

// reserved reports whether Windows would take the name for a device, whatever its extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}, stem) {
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(stem, port); ok && utf8.RuneCountInString(n) == 1 && strings.Contains("0123456789¹²³", n) {
			return true
		}
	}
	return false
}

// cut shortens a name before its extension.
func cut(name string) string {
	if len(name) <= nameMost {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= extMost {
		name, ext = name[:i], name[i:]
	}
	end := nameMost - len(ext)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return strings.TrimRight(name[:end], ". ") + ext
}

// extension is what follows the last dot, in lower case; "" where there is no dot.
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(name[i+1:]))
}
