package figma

import (
	"strings"
	"unicode/utf8"
)

// strokes are letters as lines on a grid of 4 by 6: two digits are a point, points make a line, lines are parted by |.
func strokes(letter rune) string {
	return map[rune]string{
		'A': "06 01 10 30 41 46|03 43", 'B': "00 30 41 42 33 03|33 44 45 36 06 00", 'C': "41 30 10 01 05 16 36 45", 'D': "00 30 41 45 36 06 00",
		'E': "40 00 06 46|03 33", 'F': "40 00 06|03 33", 'G': "41 30 10 01 05 16 36 45 43 23", 'H': "00 06|40 46|03 43", 'I': "00 06",
		'J': "40 45 36 16 05", 'K': "00 06|04 40|13 46", 'L': "00 06 46", 'M': "06 00 23 40 46", 'N': "06 00 46 40",
		'O': "10 30 41 45 36 16 05 01 10", 'P': "06 00 30 41 42 33 03", 'Q': "10 30 41 45 36 16 05 01 10|24 46", 'R': "06 00 30 41 42 33 03|23 46",
		'S': "41 30 10 01 02 13 33 44 45 36 16 05", 'T': "00 40|20 26", 'U': "00 05 16 36 45 40", 'V': "00 26 40", 'W': "00 16 22 36 40",
		'X': "00 46|40 06", 'Y': "00 23 40|23 26", 'Z': "00 40 06 46",
		'0': "10 30 41 45 36 16 05 01 10", '1': "01 10 16", '2': "01 10 30 41 42 06 46", '3': "01 10 30 41 42 33 13|33 44 45 36 16 05", '4': "36 30 04 44",
		'5': "40 00 03 33 44 45 36 16 05", '6': "41 30 10 01 05 16 36 45 44 33 03", '7': "00 40 16", '8': "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
		'9': "43 13 02 01 10 30 41 45 36 16 05", '-': "03 33", '+': "03 43|21 25", '.': "06 06", ',': "06 07", ':': "02 02|06 06", '!': "00 04|06 06", '/': "06 40", '\'': "00 01",
	}[letter]
}

// line is a stroke from one point to another, in units of the grid.
type line struct{ x1, y1, x2, y2 float64 }

// lines lays out words in capitals and returns them with the width they take. What has no letter here is a space.
func lines(words string) (all []line, width float64) {
	words = strings.NewReplacer("É", "E", "È", "E", "Ä", "A", "Ö", "O", "Ü", "U", "Å", "A", "Ñ", "N").Replace(strings.ToUpper(words))
	x := 0.0
	for _, letter := range words {
		shape, right := strokes(letter), 0.0
		if shape == "" {
			right = 1
		}
		for one := range strings.SplitSeq(shape, "|") {
			points := strings.Fields(one)
			for i := 1; i < len(points); i++ {
				a, b := points[i-1], points[i]
				l := line{float64(a[0] - '0'), float64(a[1] - '0'), float64(b[0] - '0'), float64(b[1] - '0')}
				right = max(right, l.x1, l.x2)
				all = append(all, line{x + l.x1, l.y1, x + l.x2, l.y2})
			}
		}
		x += right + 1.7
	}
	return all, max(0, x-1.7)
}

// initial is the letter that stands for a name.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	return string(r)
}
