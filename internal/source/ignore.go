package source

import (
	"regexp"
	"slices"
)

var (
	ignoreComment = regexp.MustCompile(`(?m)(?:^|[ \t])#[ \t]*signoff:ignore((?:[ \t,]+SO[0-9]{3})+)`)
	codeWord      = regexp.MustCompile(`SO[0-9]{3}`)
)

// Ignored returns the codes of the comments `# signoff:ignore SO210 SO211` in a file, sorted. They hold for the whole file.
func Ignored(data []byte) []string {
	var codes []string
	for _, comment := range ignoreComment.FindAllSubmatch(data, -1) {
		codes = append(codes, codeWord.FindAllString(string(comment[1]), -1)...)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
