//go:build ignore

// This program writes emoji_names.tsv and emoji_chars.tsv from the list of names that Slack uses, iamcal/emoji-data (MIT):
//
//	npm pack emoji-datasource@16.0.0 && tar xzf emoji-datasource-16.0.0.tgz package/emoji.json
//	go run testdata/emoji_table.go package/emoji.json
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

type emoji struct {
	Unified    string             `json:"unified"`
	ShortName  string             `json:"short_name"`
	ShortNames []string           `json:"short_names"`
	Skins      map[string]variant `json:"skin_variations"`
}

type variant struct {
	Unified string `json:"unified"`
}

// tones are Slack's numbers of the five skin tones.
var tones = map[string]string{"1F3FB": "2", "1F3FC": "3", "1F3FD": "4", "1F3FE": "5", "1F3FF": "6"}

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var list []emoji
	if err := json.Unmarshal(data, &list); err != nil {
		log.Fatal(err)
	}
	names, chars := map[string]string{}, map[string]string{}
	for _, e := range list {
		for _, n := range e.ShortNames {
			names[n] = char(e.Unified)
		}
		chars[char(e.Unified)] = e.ShortName
		for tone, v := range e.Skins {
			if number, ok := tones[tone]; ok {
				chars[char(v.Unified)] = e.ShortName + "::skin-tone-" + number
				names[e.ShortName+"::skin-tone-"+number] = char(v.Unified)
			}
		}
	}
	write("emoji_names.tsv", names)
	write("emoji_chars.tsv", chars)
}

func char(unified string) string {
	var b strings.Builder
	for hex := range strings.SplitSeq(unified, "-") {
		r, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			log.Fatal(err)
		}
		b.WriteRune(rune(r))
	}
	return b.String()
}

func write(name string, table map[string]string) {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(table)) {
		fmt.Fprintf(&b, "%s\t%s\n", key, table[key])
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
