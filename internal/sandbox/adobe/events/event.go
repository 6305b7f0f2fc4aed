package events

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

type object = map[string]any

// Event is a CloudEvent as it is sent, but for the names of its recipient.
type Event struct {
	ID     string // of I/O Events: eventid
	Own    string // of its producer: id
	Type   string
	Source string
	Time   time.Time
	More   map[string]any // other members of the envelope
	Data   any
}

const (
	providerAEM   = "aem"
	providerCloud = "ccstorage"

	relRepository = "http://ns.adobe.com/adobecloud/rel/metadata/repository"
	relPrimary    = "http://ns.adobe.com/adobecloud/rel/primary"
	relOwner      = "http://ns.adobe.com/adobecloud/rel/repository"
)

// everything are the events that the first registration is interested in.
func everything() []interest {
	var out []interest
	for _, what := range []string{"created", "updated", "deleted", "metadata_updated", "processing_completed"} {
		out = append(out, interest{providerAEM, "aem.assets.asset." + what})
	}
	for _, what := range []string{"file_created", "file_updated", "file_deleted"} {
		out = append(out, interest{providerCloud, "com.adobe.platform.events." + what})
	}
	return out
}

// stamp is an instant as events write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// about tells what happened to an asset: "created", "updated", "deleted", and for those of Experience Manager also
// "processing_completed" and "metadata_updated".
func (s *Site) about(a *asset, what string) Event {
	e := Event{ID: site.UUID(), Own: site.UUID(), Time: s.Now()}
	if a.Cloud {
		e.Type, e.Source = "com.adobe.platform.events.file_"+what, "urn:uuid:"+a.Repository
		e.More = object{
			"dataschema": "http://ns.adobe.com/adobecloud/repository/event/asset", "dataschemaversion": "0.9", "xactionid": site.UUID() + "-5-SC-5", "recipient": object{"userid": a.by.AdobeID},
		}
		e.Data = object{"xdmEntity": object{"event:resources": a.resources(what), "event:sequence": -1}}
		return e
	}
	e.Type, e.Source = "aem.assets.asset."+what, "acct:aem-p142461-e1463137@adobe.com"
	state := "processed"
	if what == "created" || what == "updated" {
		state = "processing"
	}
	e.Data = object{"assetId": a.ID, "repositoryMetadata": object{
		"repo:name": a.Name, "repo:path": a.Path, "repo:repositoryId": a.Repository, "repo:version": fmt.Sprintf("oak:1.0::ci:%08x", a.Version), "repo:size": strconv.FormatInt(a.Size, 10),
		"dc:format": a.Format, "repo:modifiedBy": a.by.Email, "repo:modifyDate": stamp(a.Saved), "aem:assetState": state, "tiff:imageWidth": 2400,
	}}
	return e
}

// resources is what happened to each side of an asset in Creative Cloud.
func (a *asset) resources(what string) object {
	owner := object{"id": a.by.AdobeID, "type": "user"}
	return object{
		relRepository: object{"event:action": what, "event:resourceGeneration": 335 + a.Version, "event:embedded": object{
			"repo:assetId": a.ID, "repo:id": a.ID, "repo:name": a.Name, "repo:path": a.Path, "repo:repositoryId": a.Repository, "repo:version": strconv.Itoa(a.Version - 1),
			"repo:state": "ACTIVE", "repo:size": a.Size, "dc:format": a.Format, "repo:modifiedBy": a.by.AdobeID, "repo:createdBy": a.by.AdobeID, "repo:modifyDate": stamp(a.Saved),
			"repo:assetClass": "file", "storage:region": "EU",
		}},
		relPrimary: object{"event:action": what, "event:resourceGeneration": 1 + a.Version},
		relOwner:   object{"event:action": "none", "event:embedded": object{"repo:owner": owner, "repo:repositoryId": a.Repository}},
	}
}

// provider is who an event comes from.
func (e Event) provider() string {
	if len(e.Type) > 4 && e.Type[:4] == "aem." {
		return providerAEM
	}
	return providerCloud
}

// envelope is an event with its recipient, under today's name and, until they go, under the older ones.
func (s *Site) envelope(e Event) object {
	o := object{
		"specversion": "1.0", "type": e.Type, "source": e.Source, "id": e.Own, "time": stamp(e.Time), "datacontenttype": "application/json", "data": e.Data,
		"eventid": e.ID, "recipientclientid": s.ClientID,
	}
	for k, v := range e.More {
		o[k] = v
	}
	if !s.opt.NewNames {
		o["event_id"], o["recipient_client_id"] = e.ID, s.ClientID
	}
	return o
}

// Shape is how events lie in a delivery.
type Shape string

// The shapes that Adobe is known to use.
const (
	Single  Shape = "single"  // one CloudEvent, a delivery for each
	Batch   Shape = "batch"   // a list of CloudEvents
	Wrapped Shape = "wrapped" // {"events": […]}
	Legacy  Shape = "legacy"  // {"event_id", "event": {…}, "recipient_client_id"}, a delivery for each
)

// bodies are the deliveries that events become, with the events in each.
func (s *Site) bodies(shape Shape, all []Event) (out []delivery) {
	add := func(body any, events ...Event) {
		raw, err := json.Marshal(body)
		if err != nil {
			panic(fmt.Sprintf("event: %v", err)) // made of texts and numbers
		}
		out = append(out, delivery{raw, events})
	}
	switch shape {
	case Batch, Wrapped:
		for from := 0; from < len(all); from += mostInBatch {
			part := all[from:min(from+mostInBatch, len(all))]
			var list []object
			for _, e := range part {
				list = append(list, s.envelope(e))
			}
			if shape == Wrapped {
				add(object{"events": list}, part...)
				continue
			}
			add(list, part...)
		}
	case Legacy:
		for _, e := range all {
			add(object{"event_id": e.ID, "event": s.envelope(e), "recipient_client_id": s.ClientID}, e)
		}
	default:
		for _, e := range all {
			add(s.envelope(e), e)
		}
	}
	return out
}
