//go:build race

package letter

const (
	racing   = true
	bombSize = 1 << 14
)
