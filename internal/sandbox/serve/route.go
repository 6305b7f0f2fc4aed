package serve

import (
	"net/url"
	"strings"
)

// Bind matches an escaped path with a pattern such as /issue/{key}/comment, and returns the values of its names. A value is
// never empty.
func Bind(pattern, path string) (values map[string]string, ok bool) {
	names, parts := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(names) != len(parts) {
		return nil, false
	}
	values = map[string]string{}
	for i, p := range names {
		part, err := url.PathUnescape(parts[i])
		switch {
		case err != nil || part == "" && p != "":
			return nil, false
		case strings.HasPrefix(p, "{"):
			values[strings.Trim(p, "{}")] = part
		case p != part:
			return nil, false
		}
	}
	return values, true
}
