package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// Problem is a problem with a setting.
func Problem(key, format string, args ...any) error {
	return &connectors.SettingError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// DefaultIMS is Adobe's identity service.
const DefaultIMS = "https://ims-na1.adobelogin.com"

// Address completes and checks a base address.
func Address(key string, value *string, usual string) error {
	if *value == "" {
		*value = usual
	}
	if *value == "" {
		return Problem(key, "the address is missing")
	}
	if err := outbound.CheckBase(*value); err != nil {
		return Problem(key, "%s", err)
	}
	if strings.ContainsAny(*value, "?#") {
		return Problem(key, "an address without ? and # is needed")
	}
	*value = strings.TrimRight(*value, "/")
	return nil
}

// OneOf takes one of the words of a setting; the first is its default.
func OneOf(key string, value *string, words ...string) error {
	if *value == "" {
		*value = words[0]
	}
	if !slices.Contains(words, *value) {
		return Problem(key, `%q is not known; write "%s"`, *value, strings.Join(words, `" or "`))
	}
	return nil
}

const shortest = 12

// CheckSecret refuses what would verify nothing.
func CheckSecret(key string, s secret.Secret) error {
	text := s.Reveal()
	switch {
	case strings.TrimSpace(text) == "":
		return Problem(key, "it is empty; without it anybody could send events")
	case strings.TrimSpace(text) != text:
		return Problem(key, "it begins or ends with white space")
	case len(text) < shortest:
		return Problem(key, "it is shorter than %d characters", shortest)
	case placeholder(text):
		return Problem(key, "this is a placeholder, not a secret")
	}
	return nil
}

// placeholder recognises values that were copied from an example.
func placeholder(text string) bool {
	low := strings.ToLower(text)
	for _, word := range []string{"changeme", "change-me", "change_me", "placeholder", "your-secret", "your_secret", "replace-me", "replace_me", "${", "xxxxxxxx"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return strings.Trim(low, low[:1]) == ""
}

// Minutes reads "15 minutes"; 0 for nothing.
func Minutes(key, value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	count, unit, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 60 || strings.TrimSuffix(unit, "s") != "minute" {
		return 0, Problem(key, `must be 1 to 60 minutes, such as "15 minutes"`)
	}
	return time.Duration(n) * time.Minute, nil
}
