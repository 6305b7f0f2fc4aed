// Package confluence is a stand-in for Confluence: pages with labels, restrictions and comments, over HTTP and as strict as
// the real one. As Cloud it answers version 2 of the API and what is left of version 1, below /wiki; as Data Center it
// answers version 1 and sends webhooks, each once.
//
// People act by methods (CreatePageAs, LabelAs, CommentAs, …) or on the pages. It is written from the contract and shares no
// code with the connector.
package confluence
