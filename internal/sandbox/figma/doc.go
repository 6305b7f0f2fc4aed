// Package figma is a stand-in for Figma: files with frames and versions, comments, pictures, webhooks and the list of their
// deliveries, over HTTP and as strict as the real one. The API answers below /v1, /v2 and /pictures, and the pages beside it.
//
// People act by methods (SaveVersionAs, CommentAs, ResolveAs, …) or on the pages. It is written from the contract and shares no
// code with the connector.
//
// Not drawn: SVG and PDF, which come out as null, as a render does that failed. Not there: branches, changing dev resources,
// OAuth's own endpoints, variables and everything else that signoff has no use for.
package figma
