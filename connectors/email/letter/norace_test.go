//go:build !race

package letter

const (
	racing   = false
	bombSize = 1 << 20
)
