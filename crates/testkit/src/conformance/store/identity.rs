//! Links, second factors, invitations, members, and mails on their way.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_ports::store::{
    AuditEntry, Delivery, Invitation, LinkPurpose, NewUser, OneTimeLink, QueuedMail, SecondFactor,
    Session, SessionPurpose, StoreExt, Tx,
};
use gantry_ports::{BoxFuture, Mail, StoreError};
use gantry_types::{
    AuditEntryId, InvitationId, MailId, OrganizationId, Role, SessionId, Timestamp, UserId,
};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

/// Writes with one clone of what is given.
async fn write<I, T, F>(world: &World, input: I, closure: F) -> Result<T, StoreError>
where
    I: Clone + Send + Sync + 'static,
    T: Send + 'static,
    F: for<'t> Fn(&'t dyn Tx, I) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
{
    let closure = Arc::new(closure);
    world.store.write(move |tx| closure(tx, input.clone())).await
}

async fn insert(world: &World, email: &str) -> Result<NewUser, StoreError> {
    let new = new_user(email, world.plan.id, START);
    write(world, new.clone(), |tx, new| {
        Box::pin(async move { tx.access().insert_user(&new).await })
    })
    .await?;
    Ok(new)
}

fn link_of(user_id: UserId, hash: &str, purpose: LinkPurpose) -> OneTimeLink {
    OneTimeLink {
        token_sha256: hash.to_owned(),
        purpose,
        user_id,
        email: "ada@example.org".to_owned(),
        created_at: START,
        expires_at: World::at(3600),
    }
}

async fn replace(world: &World, link: &OneTimeLink) -> Result<(), StoreError> {
    write(world, link.clone(), |tx, link| {
        Box::pin(async move { tx.identity().replace_link(&link).await })
    })
    .await
}

async fn use_up(world: &World, link: &OneTimeLink) -> Result<(), StoreError> {
    write(world, link.clone(), |tx, link| {
        Box::pin(async move { tx.identity().use_link(&link).await })
    })
    .await
}

/// A newer link of a purpose replaces the older; a link is used once; old ones are purged; those
/// of some purposes are removed, and no others.
pub async fn links_are_good_once(world: &World) -> Outcome {
    let user = insert(world, "ada@example.org").await?.user;
    let first = link_of(user.id, "one", LinkPurpose::ResetPassword);
    let second = link_of(user.id, "two", LinkPurpose::ResetPassword);
    let other = link_of(user.id, "three", LinkPurpose::VerifyEmail);
    for link in [&first, &other, &second] {
        replace(world, link).await?;
    }
    let read = world.read().await?;
    ensure!(read.identity().find_link("one").await?.is_none(), "a replaced link was kept");
    ensure!(read.identity().find_link("two").await?.as_ref() == Some(&second));
    let newest = read.identity().find_newest_link(user.id, LinkPurpose::VerifyEmail).await?;
    ensure!(newest.as_ref() == Some(&other));
    drop(read);
    ensure!(matches!(use_up(world, &first).await, Err(StoreError::NotFound { .. })));
    use_up(world, &second).await?;
    ensure!(matches!(use_up(world, &second).await, Err(StoreError::NotFound { .. })));
    let purge = |at: Timestamp| {
        write(world, at, |tx, at| Box::pin(async move { tx.identity().purge_links(at).await }))
    };
    ensure!(purge(World::at(3599)).await? == 0);
    ensure!(purge(World::at(3600)).await? == 1);

    let change = link_of(user.id, "four", LinkPurpose::ChangeEmail);
    for link in [&first, &change, &other] {
        replace(world, link).await?;
    }
    let removed = write(world, user.id, |tx, user| {
        let purposes = [LinkPurpose::ResetPassword, LinkPurpose::ChangeEmail];
        Box::pin(async move { tx.identity().delete_links(user, &purposes).await })
    })
    .await?;
    ensure!(removed == 2, "{removed} links were removed");
    let read = world.read().await?;
    ensure!(read.identity().find_link("one").await?.is_none());
    ensure!(read.identity().find_link("four").await?.is_none());
    ensure!(read.identity().find_link("three").await?.as_ref() == Some(&other));
    Ok(())
}

/// A code of a step is taken once, and none of an earlier step; recovery codes are used up.
pub async fn codes_are_good_once(world: &World) -> Outcome {
    let user = insert(world, "ada@example.org").await?.user.id;
    let factor = SecondFactor {
        user_id: user,
        secret: "SECRET".to_owned(),
        confirmed_at: None,
        last_step: 0,
    };
    let confirmed = SecondFactor { confirmed_at: Some(START), last_step: 7, ..factor.clone() };
    for factor in [&factor, &confirmed] {
        write(world, factor.clone(), |tx, factor| {
            Box::pin(async move { tx.identity().set_second_factor(&factor).await })
        })
        .await?;
    }
    let read = world.read().await?;
    ensure!(read.identity().find_second_factor(user).await? == Some(confirmed));
    drop(read);
    let step = |step: u64| {
        write(world, (user, step), |tx, (user, step)| {
            Box::pin(async move { tx.identity().use_step(user, step).await })
        })
    };
    for (number, good) in [(7, false), (8, true), (8, false), (6, false), (9, true)] {
        ensure!(step(number).await.is_ok() == good, "step {number}");
    }
    let codes: Vec<String> = ["a", "b"].map(str::to_owned).to_vec();
    write(world, codes, move |tx, codes| {
        Box::pin(async move { tx.identity().set_recovery_codes(user, &codes).await })
    })
    .await?;
    let code = |code: &'static str| {
        write(world, code, move |tx, code| {
            Box::pin(async move { tx.identity().use_recovery_code(user, code).await })
        })
    };
    ensure!(code("a").await.is_ok() && code("a").await.is_err() && code("c").await.is_err());
    ensure!(world.read().await?.identity().count_recovery_codes(user).await? == 1);
    write(world, user, |tx, user| {
        Box::pin(async move { tx.identity().delete_second_factor(user).await })
    })
    .await?;
    ensure!(world.read().await?.identity().count_recovery_codes(user).await? == 0);
    ensure!(world.read().await?.identity().find_second_factor(user).await?.is_none());
    Ok(())
}

/// Members join by an invitation and leave with their sessions; a personal place stays.
pub async fn members_come_and_go(world: &World) -> Outcome {
    let (ada, grace) =
        (insert(world, "ada@example.org").await?, insert(world, "grace@example.org").await?);
    let organization = ada.organization.id;
    let invitation = Invitation {
        id: InvitationId::generate(),
        organization_id: organization,
        email: "grace@example.org".to_owned(),
        role: Role::Viewer,
        token_sha256: "one".to_owned(),
        invited_by: ada.user.id,
        created_at: START,
        expires_at: World::at(100),
    };
    let again = Invitation {
        id: InvitationId::generate(),
        token_sha256: "two".to_owned(),
        role: Role::Member,
        ..invitation.clone()
    };
    for invitation in [&invitation, &again] {
        write(world, invitation.clone(), |tx, invitation| {
            Box::pin(async move { tx.identity().replace_invitation(&invitation).await })
        })
        .await?;
    }
    let read = world.read().await?;
    let open = read.identity().list_invitations(organization, START).await?;
    ensure!(open == std::slice::from_ref(&again), "{open:?}");
    ensure!(read.identity().list_invitations(organization, World::at(100)).await?.is_empty());
    ensure!(read.identity().find_invitation("one").await?.is_none());
    drop(read);

    let session = Session {
        id: SessionId::generate(),
        token_sha256: "token".to_owned(),
        user_id: grace.user.id,
        organization_id: grace.organization.id,
        user_agent: String::new(),
        ip: String::new(),
        created_at: START,
        last_used_at: START,
        expires_at: World::at(1000),
        purpose: SessionPurpose::Everything,
    };
    let user = grace.user.id;
    write(world, (session.clone(), again.id), move |tx, (session, invitation)| {
        Box::pin(async move {
            tx.identity().delete_invitation(organization, invitation).await?;
            tx.access().set_member(organization, user, Role::Member).await?;
            tx.access().insert_session(&session).await?;
            tx.identity().move_session(user, session.id, organization).await
        })
    })
    .await?;
    let read = world.read().await?;
    let members = read.identity().list_members(organization).await?;
    let emails: Vec<&str> = members.iter().map(|member| member.email.as_str()).collect();
    ensure!(emails == ["ada@example.org", "grace@example.org"], "{emails:?}");
    ensure!(members[0].personal && !members[1].personal);
    let moved = read.access().find_session("token").await?.context("the session is gone")?;
    ensure!(moved.organization_id == organization);
    drop(read);

    let remove = |whose: UserId| {
        write(world, whose, move |tx, whose| {
            let now = World::at(5);
            Box::pin(async move { tx.identity().delete_member(organization, whose, now).await })
        })
    };
    ensure!(remove(ada.user.id).await.is_err(), "a personal place was left");
    remove(user).await?;
    ensure!(remove(user).await.is_err());
    ensure!(world.read().await?.access().find_session("token").await?.is_none());
    Ok(())
}

/// Networks and names are kept as they are set; unknown organizations are refused.
pub async fn networks_are_kept(world: &World) -> Outcome {
    let ada = insert(world, "ada@example.org").await?;
    let id = ada.organization.id;
    ensure!(world.read().await?.identity().list_allowed_networks(id).await?.is_empty());
    let networks = vec!["192.0.2.0/24".to_owned()];
    write(world, networks.clone(), move |tx, networks| {
        Box::pin(async move { tx.identity().set_allowed_networks(id, &networks).await })
    })
    .await?;
    ensure!(world.read().await?.identity().list_allowed_networks(id).await? == networks);
    write(world, (), move |tx, ()| {
        Box::pin(async move { tx.identity().rename_organization(id, "Engines").await })
    })
    .await?;
    let renamed = world.read().await?.access().find_organization(id).await?;
    ensure!(renamed.is_some_and(|found| found.name == "Engines"));
    let nobody = OrganizationId::generate();
    let refused = write(world, (), move |tx, ()| {
        Box::pin(async move { tx.identity().rename_organization(nobody, "Nobody's").await })
    })
    .await;
    ensure!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    ensure!(world.read().await?.identity().list_allowed_networks(nobody).await.is_err());
    Ok(())
}

fn mail(subject: &str) -> QueuedMail {
    QueuedMail {
        mail: Mail {
            id: MailId::generate(),
            recipient: "ada@example.org".to_owned(),
            subject: subject.to_owned(),
            text: "a secret".to_owned(),
            html: "<p>a secret</p>".to_owned(),
        },
        kind: "story".to_owned(),
        user_id: None,
        attempts: 0,
        created_at: START,
    }
}

async fn claim(world: &World, now: Timestamp) -> Result<Vec<QueuedMail>, StoreError> {
    write(world, now, |tx, now| {
        let until = now.plus(Duration::from_secs(60));
        Box::pin(async move { tx.mails().claim_mails(now, until, 10).await })
    })
    .await
}

/// A mail is sent by one sender; one that fails comes again; one that ended does not.
pub async fn mails_are_sent_once_and_tried_again(world: &World) -> Outcome {
    let (good, bad) = (mail("good"), mail("bad"));
    write(world, [good.clone(), bad.clone()], |tx, mails| {
        Box::pin(async move {
            for mail in &mails {
                tx.mails().insert_mail(mail).await?;
            }
            Ok(())
        })
    })
    .await?;
    ensure!(world.read().await?.mails().find_next_mail().await? == Some(START));
    let mut first = claim(world, START).await?;
    first.sort_by_key(|queued| queued.mail.id);
    ensure!(first.len() == 2 && first[0].attempts == 1 && first[0].mail == good.mail);
    ensure!(claim(world, START).await?.is_empty(), "a claimed mail was claimed again");
    let note = |id: MailId, delivery: Delivery| {
        write(world, (id, delivery), |tx, (id, delivery)| {
            Box::pin(async move { tx.mails().note_delivery(id, &delivery, START).await })
        })
    };
    note(good.mail.id, Delivery::Sent).await?;
    let later = Delivery::Later { at: World::at(300), reason: "no route".to_owned() };
    note(bad.mail.id, later).await?;
    ensure!(world.read().await?.mails().find_next_mail().await? == Some(World::at(300)));
    ensure!(claim(world, World::at(299)).await?.is_empty());
    let again = claim(world, World::at(300)).await?;
    ensure!(again.len() == 1 && again[0].attempts == 2 && again[0].mail == bad.mail);
    note(bad.mail.id, Delivery::GivenUp { reason: "refused".to_owned() }).await?;
    ensure!(world.read().await?.mails().find_next_mail().await?.is_none());
    // A sender that dies leaves its mails to the next.
    let left = mail("left");
    write(world, left.clone(), |tx, mail| {
        Box::pin(async move { tx.mails().insert_mail(&mail).await })
    })
    .await?;
    ensure!(claim(world, World::at(400)).await?.len() == 1);
    ensure!(claim(world, World::at(459)).await?.is_empty());
    ensure!(claim(world, World::at(460)).await?.len() == 1);
    Ok(())
}

/// When an address got a mail of a kind, and when an organization invited, is known however the
/// mail ended and whether the invitation is open.
pub async fn mails_and_invitations_leave_their_time(world: &World) -> Outcome {
    let newer = QueuedMail { created_at: World::at(30), ..mail("newer") };
    let [one, two] = [OrganizationId::generate(), OrganizationId::generate()];
    let entries =
        [(one, "member.invite", 10), (one, "member.invite", 20), (one, "member.join", 25)].map(
            |(organization, action, seconds)| AuditEntry {
                id: AuditEntryId::generate(),
                organization_id: Some(organization),
                user_id: None,
                action: action.to_owned(),
                subject: "a story".to_owned(),
                details: serde_json::json!({}),
                ip: String::new(),
                at: World::at(seconds),
            },
        );
    write(world, ([newer, mail("older")], entries), |tx, (mails, entries)| {
        Box::pin(async move {
            for mail in &mails {
                tx.mails().insert_mail(mail).await?;
                let sent = Delivery::Sent;
                tx.mails().note_delivery(mail.mail.id, &sent, mail.created_at).await?;
            }
            for entry in &entries {
                tx.audit().append(entry).await?;
            }
            Ok(())
        })
    })
    .await?;
    let read = world.read().await?;
    let mails = read.mails();
    ensure!(mails.find_last_mail("story", "ada@example.org").await? == Some(World::at(30)));
    ensure!(mails.find_last_mail("another", "ada@example.org").await?.is_none());
    ensure!(mails.find_last_mail("story", "grace@example.org").await?.is_none());
    for (organization, later, at) in
        [(one, 0, Some(20)), (one, 1, Some(10)), (one, 2, None), (two, 0, None)]
    {
        let found = read.identity().find_invited_at(organization, later).await?;
        ensure!(found == at.map(World::at), "{later}: {found:?}");
    }
    Ok(())
}
