// Package figma joins signoff to Figma: comments and named versions of files become requests, comments and versions that
// are decided on, and what was decided goes back as replies to comments.
//
// Figma signs nothing: a webhook is believed by the passcode in its body and then only rings a bell. What it is about is
// read again through the API, within the budgets of Figma's three tiers, as far as these allow.
//
// Keys of references: {file, KEY} with the key of the file or branch; {comment, KEY/ID}; {user, ID};
// {thumb, KEY/VERSION/NODE}, where version and node may be empty.
package figma
