// Package confluence reads pages of a Confluence, Cloud or Data Center, as briefs of requests. A page with a certain label becomes
// a request, and what was decided goes back as a comment below the page.
//
// Cloud has no webhooks for accounts like ours, so it is asked every minute; Data Center rings a bell and is asked besides.
// Facts are always read by a page's id.
//
// Keys of references: {page, ID}, {blog, ID}, {title, SPACE/TITLE} where an address names no id, {other, KIND} for what cannot
// be read, {comment, PAGE/ID}, {user, ACCOUNT}.
package confluence
