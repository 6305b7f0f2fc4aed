// Package github is a stand-in for GitHub: issues, pull requests, reviews, webhooks and the list of their deliveries, over
// HTTP and as strict as the real one. The API answers below /api/v3, as on GitHub Enterprise Server, and the pages beside it.
//
// People act by methods (CommentAs, PushAs, ReviewAs, …) or on the pages; webhooks tell of everything and are sent once:
// GitHub never repeats one by itself. It is written from the contract and shares no code with the connector.
package github
