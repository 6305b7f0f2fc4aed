// Package workfront is a stand-in for Adobe Workfront: documents with versions, updates and proof approvals behind the object
// API, and event subscriptions that tell of them with the token their subscriber chose.
//
// People act by methods (UploadVersionAs, NoteAs, ApproveAs, …) or on the pages. A delivery is tried eleven times over two days.
package workfront
