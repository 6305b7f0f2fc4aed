package events

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/connectors/adobe/api"
)

// metadata is what Adobe's repositories say of an asset. Its keys are names with colons, and addresses; its values are of many
// shapes, and some of either (a size is a text here and a number there).
type metadata map[string]json.RawMessage

// text is a member as text, numbers as they are written.
func (m metadata) text(key string) string {
	raw := m[key]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999Z0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

const longestName = 200

// facts fills in what the repository says.
func (m metadata) fill(f *fact, e element) {
	f.name = api.OneLine(m.text("repo:name"), longestName)
	f.by = m.text("repo:modifiedBy")
	f.version = api.OneLine(api.First(m.text("repo:version"), m.text("repo:etag"), m.text("repo:modifyDate"), e.id()), 200)
	if f.at = instant(m.text("repo:modifyDate")); f.at.IsZero() {
		f.at = instant(string(e.Time))
	}
}

// readAEM reads an event of Experience Manager's assets.
func (e element) readAEM(what string) fact {
	var data struct {
		ID   words    `json:"assetId"`
		Repo metadata `json:"repositoryMetadata"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return fact{ignored: "it says nothing of an asset"}
	}
	f := fact{kind: "aem." + what, id: string(data.ID)}
	switch what {
	case "created", "updated", "processing_completed", "metadata_updated":
	case "deleted":
		f.gone = "deleted"
	default:
		return fact{ignored: notUsed}
	}
	data.Repo.fill(&f, e)
	if host, path := strings.ToLower(data.Repo.text("repo:repositoryId")), data.Repo.text("repo:path"); host != "" && strings.HasPrefix(path, "/") {
		f.place = host + path
		f.url = "https://" + host + "/ui#/aem/assetdetails.html" + (&url.URL{Path: path}).EscapedPath()
	}
	if f.id == "" && f.place == "" {
		return fact{ignored: "it names no asset"}
	}
	return f
}

const (
	relRepository = "http://ns.adobe.com/adobecloud/rel/metadata/repository"
	relPrimary    = "http://ns.adobe.com/adobecloud/rel/primary"
)

// resource is what happened to one side of an asset.
type resource struct {
	Action   words    `json:"event:action"`
	Embedded metadata `json:"event:embedded"`
	Updated  metadata `json:"event:updated"`
}

// readCloud reads an event of Creative Cloud: files, folders, libraries and cloud documents share its shape.
func (e element) readCloud() fact {
	var data struct {
		Entity struct {
			Resources map[string]resource `json:"event:resources"`
		} `json:"xdmEntity"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return fact{ignored: "it says nothing of an asset"}
	}
	repo, primary := data.Entity.Resources[relRepository], data.Entity.Resources[relPrimary]
	f := fact{kind: "cloud", id: api.First(repo.Embedded.text("repo:assetId"), repo.Embedded.text("repo:id"))}
	if f.id == "" {
		return fact{ignored: "it names no asset"}
	}
	repo.Embedded.fill(&f, e)
	f.url = "https://assets.adobe.com/id/" + f.id
	state := strings.ToUpper(api.First(repo.Updated.text("repo:state"), primary.Updated.text("repo:state")))
	switch action := api.First(string(primary.Action), string(repo.Action)); {
	case action == "deleted" || state == "DISCARDED" || state == "DELETED":
		f.kind, f.gone = "cloud.deleted", "deleted"
	case action == "created":
		f.kind = "cloud.created"
	case action == "updated" || state != "" || string(repo.Action) == "updated":
		f.kind = "cloud.updated"
	default:
		return fact{ignored: "nothing of the asset itself has changed"}
	}
	return f
}

// seq is the order of versions: by number where they have one, within the time they were saved at.
func (f fact) seq() string {
	n, err := strconv.Atoi(f.version)
	if err != nil {
		n = 0
	}
	return f.at.Format("20060102150405.000000") + "/" + strconv.Itoa(1_000_000+n)
}
