package jira

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"signoff/internal/flow"
)

const (
	originKey   = "signoff.origin" // the issue property that proves a ticket or comment is ours
	ownLabel    = "signoff"
	labelPrefix = "signoff-k-"
)

// origin is the value of the property. It is readable by everybody who sees the ticket, so it holds nothing secret.
type origin struct {
	Form     int    `json:"v"`
	HubKey   string `json:"hubKey,omitempty"`   // a ticket
	HubEvent string `json:"hubEvent,omitempty"` // a comment: the id of its effect
	Hub      string `json:"hub,omitempty"`      // whose effect, since other installations count alike
	Source   string `json:"source,omitempty"`
	Ref      string `json:"ref,omitempty"` // the request
}

type property struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// hubKey is what a ticket is found by after a lost answer: the same for every try of one purpose of one request, and
// another in every installation.
func (c *Connector) hubKey(e flow.Effect) string {
	sum := sha256.Sum256([]byte(c.deps.StoreID + "\n" + e.Mark()))
	return hex.EncodeToString(sum[:])[:16]
}

// commentMark is what a comment is found by.
func (c *Connector) commentMark(mark string) origin {
	sum := sha256.Sum256([]byte(c.deps.StoreID))
	return origin{Form: 1, HubEvent: mark, Hub: hex.EncodeToString(sum[:])[:8]}
}

// labelsOf are the labels of a new ticket: ours, the mark, and those of the request in Jira's form.
func labelsOf(hubKey string, more []string) []string {
	out := []string{ownLabel, labelPrefix + hubKey}
	return append(out, cleanLabels(more)...)
}

const longestLabel = 255

// cleanLabels writes labels as Jira takes them: without white space, not too long, each once, none of ours.
func cleanLabels(list []string) []string {
	var out []string
	seen := map[string]bool{ownLabel: true}
	for _, l := range list {
		l = cut(strings.Join(strings.Fields(l), "-"), longestLabel, "")
		if l == "" || seen[l] || strings.HasPrefix(l, labelPrefix) {
			continue
		}
		seen[l] = true
		out = append(out, l)
	}
	return out
}
