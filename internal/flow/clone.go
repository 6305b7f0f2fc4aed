package flow

import (
	"maps"
	"slices"
)

// clone copies everything that a step may change in place, so that the caller's request stays as it was.
func clone(r Request) Request {
	r.Makers = slices.Clone(r.Makers)
	r.Fields = maps.Clone(r.Fields)
	r.Body = slices.Clone(r.Body)
	r.Labels = slices.Clone(r.Labels)
	r.Stages = slices.Clone(r.Stages)
	for i := range r.Stages {
		r.Stages[i] = cloneRun(r.Stages[i])
	}
	r.Work = slices.Clone(r.Work)
	for i := range r.Work {
		r.Work[i].Asked = slices.Clone(r.Work[i].Asked)
	}
	r.Points = slices.Clone(r.Points)
	r.Votes = slices.Clone(r.Votes)
	r.Links = slices.Clone(r.Links)
	r.Shows = maps.Clone(r.Shows)
	r.Fired = slices.Clone(r.Fired)
	r.Seqs = maps.Clone(r.Seqs)
	r.Problems = slices.Clone(r.Problems)
	r.Comments = slices.Clone(r.Comments)
	r.Files = slices.Clone(r.Files)
	r.Unreached = slices.Clone(r.Unreached)
	r.Bounced = slices.Clone(r.Bounced)
	r.Parts = slices.Clone(r.Parts)
	r.Info = slices.Clone(r.Info)
	r.Joined = slices.Clone(r.Joined)
	r.Assets = slices.Clone(r.Assets)
	for i := range r.Assets {
		r.Assets[i].Nodes = slices.Clone(r.Assets[i].Nodes)
		r.Assets[i].Versions = slices.Clone(r.Assets[i].Versions)
	}
	if r.Brief != nil {
		brief := *r.Brief
		r.Brief = &brief
	}
	if r.Offer != nil {
		offer := *r.Offer
		offer.Fields = maps.Clone(offer.Fields)
		r.Offer = &offer
	}
	return r
}

func cloneRun(run StageRun) StageRun {
	run.DecidedBy = slices.Clone(run.DecidedBy)
	run.Asked = slices.Clone(run.Asked)
	run.Waiting = slices.Clone(run.Waiting)
	run.Delegated = slices.Clone(run.Delegated)
	run.Added = slices.Clone(run.Added)
	return run
}
