//! What an event makes of a case.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Delivery, Draft, Event, Publication, Receipt, Report, Request, Split};
use crate::publication::Step;

impl Case {
    /// Takes an event into the state.
    pub fn apply(&mut self, event: &Event) {
        match event.clone() {
            // What the first event says beside this is taken where the case is made.
            Event::Reported { .. } => {}
            Event::Opened {
                by,
                at,
                targets,
                embargo,
                ..
            } => {
                self.opened_by = Some(by);
                self.opened_at = at;
                self.targets = targets;
                self.embargo = embargo;
            }
            Event::LetterReceived { mail } => {
                if let Some(report) = &mut self.report {
                    report.take(&mail);
                }
            }
            Event::Moderated { moderation } => {
                if let Some(report) = &mut self.report {
                    report.moderation = moderation;
                }
            }
            Event::ReporterAdded { address } => {
                if let Some(report) = &mut self.report {
                    report.reporters.push(address);
                }
            }
            Event::LetterWritten { id, letter } => {
                self.letters.insert(id, letter);
            }
            Event::LetterStarted { id, message_id } => {
                if let Some(report) = &mut self.report {
                    report.messages.insert(message_id);
                }
                self.delivered(&id, Delivery::Started);
            }
            Event::NoticeAsked { notice } => {
                self.notice = Some(notice);
                self.told.clear();
            }
            Event::VendorTold { vendor, told } => {
                self.told.insert(vendor, told);
            }
            Event::LetterReturned { id } => {
                let because = "it came back: the address does not take it".to_owned();
                self.delivered(&id, Delivery::Stuck { because });
            }
            Event::SeenBy { people } => self.seen_by = people,
            Event::LetterDeferred { id } => self.delivered(&id, Delivery::Waiting),
            Event::LetterSent { id, at } => self.delivered(&id, Delivery::Sent { at }),
            Event::LetterStuck { id, because } => self.delivered(&id, Delivery::Stuck { because }),
            Event::LetterSettled { id, again: true, .. } => self.delivered(&id, Delivery::Waiting),
            Event::LetterSettled { id, again: false, at } => self.delivered(&id, Delivery::Sent { at }),
            Event::Exposed { exposure } => self.exposed = Some(exposure),
            Event::CommentHandled { id, answer } => {
                self.comments.insert(id, answer);
            }
            Event::Remembered { memory } => self.memory = memory,
            Event::DraftWritten { id, url } => self.draft = Some(Draft { id, url }),
            Event::ApprovalVoided { .. } => self.approval = None,
            Event::Leaked { branch, tip } => {
                self.leaks.insert(branch, tip);
            }
            Event::Frozen { plan, .. } => {
                self.publication = Some(Publication {
                    plan,
                    receipts: BTreeMap::new(),
                    started: BTreeSet::new(),
                    stuck: BTreeMap::new(),
                });
            }
            Event::Thawed { .. } => {
                self.thawed = self.publication.take().map(|publication| publication.plan);
                self.rounds += 1;
            }
            Event::StepTaken { step, at, detail } => {
                if let Some(publication) = &mut self.publication {
                    publication.stuck.remove(&step);
                    publication.receipts.insert(step, Receipt { at, detail });
                }
            }
            Event::MailStarted { list } => {
                if let Some(publication) = &mut self.publication {
                    publication.started.insert(list);
                }
            }
            Event::StepStuck { step, because } => {
                if let Some(publication) = &mut self.publication {
                    publication.stuck.insert(step, because);
                }
            }
            Event::StepSettled { step, again } => self.settle(step, again),
            Event::EmbargoChanged { embargo } => self.embargo = embargo,
            Event::Proposed { proposal } => self.proposal = Some(proposal),
            Event::Voted { by, objection } => {
                if let Some(proposal) = &mut self.proposal {
                    match objection {
                        None => {
                            proposal.objected.remove(&by);
                            proposal.agreed.insert(by);
                        }
                        Some(because) => {
                            proposal.agreed.remove(&by);
                            proposal.objected.insert(by, because);
                        }
                    }
                }
            }
            Event::ProposalEnded => self.proposal = None,
            Event::CveDecided { cve } => self.cve = Some(cve),
            Event::Approved { approval } => {
                self.approval = Some(approval);
                self.aborted = None;
            }
            Event::PublishRequested { by, at } => {
                self.request = Some(Request { by, at });
                self.rounds = 0;
            }
            Event::Aborted { because, .. } => {
                self.approval = None;
                self.request = None;
                self.aborted = Some(because);
            }
            Event::RequestLapsed { .. } => self.request = None,
            Event::Waived { branch, statement } => {
                self.waivers.insert(branch, statement);
            }
            Event::Acknowledged { branch, statement } => {
                self.acknowledgements.insert(branch, statement);
            }
            Event::TargetAdded { branch } => {
                if !self.targets.contains(&branch) {
                    self.targets.push(branch);
                }
            }
            Event::MailDeferred { list } => {
                if let Some(publication) = &mut self.publication {
                    publication.started.remove(&list);
                }
            }
            Event::MergedInto { case } => self.merged_into = Some(case),
            Event::Merged { case, report } => {
                self.merged.insert(case);
                self.absorb(report);
            }
            Event::SplitOff { number, because } => {
                self.splits.insert(number, Split { because, issue: None });
            }
            Event::SplitDone { number, issue } => {
                if let Some(split) = self.splits.get_mut(&number) {
                    split.issue = Some(issue);
                }
            }
            Event::SplitFrom { report, .. } => self.absorb(report),
            Event::FixSourceChanged { source } => {
                // Another series is another fix: what was approved was not this one.
                self.fix_source = source;
                self.approval = None;
            }
            Event::Closed { at, because, .. } => {
                self.closed_because = because;
                self.closed = Some(at);
                self.approval = None;
                self.request = None;
            }
        }
    }

    fn absorb(&mut self, report: Option<Report>) {
        match (&mut self.report, report) {
            (Some(known), Some(report)) => known.absorb(report),
            (known @ None, report) => *known = report,
            (Some(_), None) => {}
        }
    }

    fn delivered(&mut self, id: &str, delivery: Delivery) {
        if let Some(letter) = self.letters.get_mut(id) {
            letter.delivery = delivery;
        }
    }

    fn settle(&mut self, step: Step, again: bool) {
        let Some(publication) = &mut self.publication else {
            return;
        };
        let why = publication.stuck.remove(&step);
        match (&step, again) {
            (Step::Announce { list }, true) => {
                publication.started.remove(list);
            }
            (_, true) => {}
            (_, false) => {
                let at = publication
                    .receipts
                    .get(&Step::Push)
                    .map_or(self.opened_at, |receipt| receipt.at);
                let detail = format!("settled by hand: {}", why.unwrap_or_default());
                publication.receipts.insert(step, Receipt { at, detail });
            }
        }
    }
}
