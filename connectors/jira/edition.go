package jira

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"signoff/connectors"
)

// edition is what kind of Jira stands behind the address. The two differ in how people are named, in search and in
// where a new ticket's property can be set.
type edition string

const (
	cloud  edition = "cloud"
	server edition = "server" // Server and Data Center
)

const (
	editionKey  = "edition"
	editionLife = 24 * time.Hour
)

type keptEdition struct {
	Edition edition   `json:"edition"`
	URL     string    `json:"url"` // the setting it belongs to
	At      time.Time `json:"at"`
}

// edition tells which Jira it is: from the settings, from its address, from what was kept within a day, or by asking.
// Where it cannot be asked just now, the call that needed to know it fails for now.
func (c *Connector) edition(ctx context.Context) (edition, error) {
	if e := c.set.sure(); e != "" {
		return e, nil
	}
	if e := c.kind.Load(); e != nil {
		return *e, nil
	}
	var k keptEdition
	ok, err := c.memory.Load(ctx, editionKey, &k)
	if err != nil {
		return "", err
	}
	if ok && k.URL == c.set.APIURL && k.Edition != "" && c.deps.Now().Sub(k.At) < editionLife {
		c.kind.Store(&k.Edition)
		return k.Edition, nil
	}
	return c.askEdition(ctx)
}

// serverInfo is what a site says of itself.
type serverInfo struct {
	Type    string `json:"deploymentType"`
	Version string `json:"version"`
	Title   string `json:"serverTitle"`
}

func (c *Connector) serverInfo(ctx context.Context) (serverInfo, error) {
	var info serverInfo
	err := c.do(ctx, get("read server info", "serverInfo", nil), &info)
	return info, err
}

// askEdition asks Jira and remembers the answer. An edition that is not known is refused: nothing that is sent to it
// would be sure to mean the same there.
func (c *Connector) askEdition(ctx context.Context) (edition, error) {
	info, err := c.serverInfo(ctx)
	if err != nil {
		return "", err
	}
	e, ok := editionOf(info.Type)
	if !ok {
		text := fmt.Sprintf("%s is a Jira of an edition that signoff does not know (%q).", c.set.URL, info.Type)
		return "", &connectors.Error{Op: "read server info", Class: connectors.Denied, Err: errors.New(text),
			Person: text + " If it is Cloud or Data Center all the same, an administrator has to say so in tracker.jira.deployment."}
	}
	c.kind.Store(&e)
	c.memory.Note(editionKey, keptEdition{e, c.set.APIURL, c.deps.Now()})
	return e, nil
}

func editionOf(deploymentType string) (edition, bool) {
	switch strings.ToLower(strings.TrimSpace(deploymentType)) {
	case "cloud":
		return cloud, true
	case "server", "datacenter", "data center":
		return server, true
	}
	return "", false
}

// sure is the edition where the settings leave no doubt, else "".
func (s *Settings) sure() edition {
	_, atlassian := cloudSite(s.URL)
	switch {
	case s.Deployment != "":
		return edition(s.Deployment)
	case atlassian, s.CloudID != "":
		return cloud
	case s.User == "": // a personal access token
		return server
	}
	return ""
}

// person names an account in a request's body.
func person(e edition, id string) map[string]any {
	var who any = id
	if id == "" {
		who = nil
	}
	if e == server {
		return map[string]any{"name": who}
	}
	return map[string]any{"accountId": who}
}
