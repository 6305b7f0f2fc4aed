// Package github joins signoff to GitHub and GitHub Enterprise Server: issues as tickets, and pull requests as the work
// that is decided on.
//
// An instance under tracker: keeps tickets in one repository. A ticket is {instance, issue, owner/repo#7} by the name that
// the repository had when signoff first met it; where it is now is kept. Marks ride in the text as comments that pages do
// not show: <!-- signoff:CR-142 … --> as the first line of a ticket, <!-- signoff-ref:… --> as the last of a comment. Search
// is never asked, since it lags; lists are.
//
// An instance under connectors: follows pull requests, {instance, pull, owner/repo#7}, whose versions are the commits at
// their head. Reviews of people who decide are votes for the commit that they read; comments on lines are points.
//
// GitHub never sends a webhook twice by itself. Poll reads the list of deliveries and asks for those that did not arrive.
package github
