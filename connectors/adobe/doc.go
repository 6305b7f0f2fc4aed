// Package adobe joins signoff to Adobe: Frame.io, where work is reviewed; I/O Events, which tell of assets in Experience Manager
// and Creative Cloud; and Workfront's event subscriptions. Each is a part of its own with its own door, secrets and settings, and
// each may be left out.
package adobe
