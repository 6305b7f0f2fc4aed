package source

import "strings"

// Nearest returns the known word that was most likely meant: the same in other case or with other separators, at most two
// typing errors away (one in words of up to four letters), or a longer form of the same beginning.
func Nearest(word string, known []string) (string, bool) {
	best, least := "", 3
	for _, k := range known {
		if d := distance(flat(word), flat(k)); d < least && d <= allowed(word) {
			best, least = k, d
		}
	}
	if best != "" {
		return best, true
	}
	return begins(word, known)
}

// begins finds the only known word that starts with word, or with which word starts.
func begins(word string, known []string) (string, bool) {
	const enough = 3
	found, count := "", 0
	for _, k := range known {
		a, b := flat(word), flat(k)
		if len(a) >= enough && strings.HasPrefix(b, a) || len(b) >= enough && strings.HasPrefix(a, b) {
			found = k
			count++
		}
	}
	if count != 1 {
		return "", false
	}
	return found, true
}

func allowed(word string) int {
	if len([]rune(word)) <= 4 {
		return 1
	}
	return 2
}

// flat removes what people mix up: case, and the separator of words.
func flat(word string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(word))
}

// distance counts insertions, deletions, changes and swaps of neighbours between a and b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 || len(x) > 100 {
		return 3
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
