// Package frameio is a stand-in for Frame.io V4: projects with files and version stacks, comments, metadata, webhooks and custom
// actions, over HTTP and as strict as the real one. The interface answers below /v4, the pages beside it.
//
// People act by methods (UploadVersionAs, CommentAs, SetStatusAs, PressActionAs, …) or on the pages. Webhooks tell of everything
// with nothing but ids, are tried five times within minutes and are then lost: what the product missed it has to read again.
package frameio
