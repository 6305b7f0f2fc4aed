package workfront

import (
	"path"
	"strconv"
	"strings"
	"time"
)

// The objects as they are shown, by the members that Adobe lists for events. stamp writes their instants, which events and the
// object API do differently.

func (s *Site) docu(d *document, stamp func(time.Time) string) object {
	return object{
		"ID": d.id, "objCode": "DOCU", "name": d.name, "currentVersionID": d.current().id, "customerID": CustomerID, "description": nil, "ownerID": d.owner.WorkID,
		"lastUpdateDate": stamp(d.updated), "lastUpdatedByID": d.by.WorkID, "objID": TaskID, "taskID": TaskID, "projectID": ProjectID, "topObjID": ProjectID,
		"referenceNumber": 1890, "parameterValues": object{},
	}
}

func (s *Site) docv(d *document, v *version, stamp func(time.Time) string) object {
	return object{
		"ID": v.id, "objCode": "DOCV", "documentID": d.id, "version": strconv.Itoa(v.number), "fileName": v.file, "ext": strings.TrimPrefix(path.Ext(v.file), "."), "docSize": v.size,
		"entryDate": stamp(v.at), "enteredByID": v.by.WorkID, "customerID": CustomerID, "proofDecision": v.decision, "proofID": nil,
	}
}

func (s *Site) noteBean(n *note, stamp func(time.Time) string) object {
	o := object{
		"ID": n.id, "objCode": "NOTE", "noteText": n.text, "objID": n.object, "ownerID": n.by.WorkID, "userID": n.by.WorkID, "entryDate": stamp(n.at), "customerID": CustomerID,
		"threadID": n.thread, "parentNoteID": nil, "subject": nil, "documentID": nil, "taskID": nil, "projectID": ProjectID, "topObjID": ProjectID,
	}
	if n.parent != "" {
		o["parentNoteID"] = n.parent
	}
	switch n.code {
	case "DOCU":
		o["documentID"] = n.object
	case "TASK":
		o["taskID"] = n.object
	}
	return o
}

func (s *Site) prfapl(a *approval, stamp func(time.Time) string) object {
	return object{
		"ID": a.id, "objCode": "PRFAPL", "approverID": a.approver.WorkID, "approverDecision": a.decision, "documentID": a.document.id, "documentVersionID": a.version.id,
		"isAwaitingDecision": a.decision == pending, "proofCreationDate": stamp(a.version.at), "requestorID": a.document.owner.WorkID, "customerID": CustomerID,
	}
}
