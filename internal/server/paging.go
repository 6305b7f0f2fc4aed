package server

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/source"
)

// pageMost is the last page that can be named by its number; beyond, next is followed.
const pageMost = 100

// afterMark stands before a cursor, so that a cursor of digits is no page number.
const afterMark = "after:"

// place is a page of a list: after a cursor, or so many pages on from there.
type place struct {
	after string
	skip  int
}

// pageOf reads page=: what next said, or a number from 1.
func pageOf(page string) (place, *refusal) {
	if page == "" {
		return place{}, nil
	}
	if cursor, ok := strings.CutPrefix(page, afterMark); ok {
		if _, err := hex.DecodeString(cursor); err == nil && cursor != "" {
			return place{after: cursor}, nil
		}
	}
	if n, err := strconv.Atoi(page); err == nil && n >= 1 && n <= pageMost {
		return place{skip: n - 1}, nil
	}
	return place{}, &refusal{http.StatusBadRequest, "bad_request", "page is what next said, or a number from 1 to 100."}
}

func nextPage(cursor string) string {
	if cursor == "" {
		return ""
	}
	return afterMark + cursor
}

// walk asks for the page at p by list, which takes a cursor and gives the next one.
func walk[T any](p place, list func(after string) (T, string, error)) (page T, next string, err error) {
	page, next, err = list(p.after)
	for range p.skip {
		if err != nil {
			return page, "", err
		}
		if next == "" {
			var none T
			return none, "", nil
		}
		page, next, err = list(next)
	}
	return page, next, err
}

// only refuses query parameters that a list does not know, with the nearest name.
func only(q url.Values, known ...string) *refusal {
	for name := range q {
		if !slices.Contains(known, name) {
			return &refusal{http.StatusBadRequest, "bad_request", name + ": " + strings.Replace(unknownField(name, known), "field", "filter", 1)}
		}
	}
	return nil
}

// oneOf refuses a value that is none of the known words.
func oneOf(name, value string, known []string) *refusal {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	message := name + " is one of " + strings.Join(known, ", ") + "."
	if near, ok := source.Nearest(value, known); ok {
		message += " Did you mean " + near + "?"
	}
	return &refusal{http.StatusBadRequest, "bad_request", message}
}
