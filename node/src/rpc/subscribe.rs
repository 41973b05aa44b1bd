//! Subscriptions over WebSocket.

use std::sync::atomic::Ordering;

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::{RpcModule, SubscriptionMessage, SubscriptionSink};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::Rpc;
use super::error::RpcError;
use super::json as form;
use super::logs::LogFilter;
use super::params::Params;
use crate::node::{Event, Metrics};

/// The kind of a subscription.
enum Topic {
    Heads,
    Logs(Box<LogFilter>),
    Pending { whole: bool },
}

pub(super) fn register(module: &mut RpcModule<Rpc>) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, rpc, _| async move {
            let topic = Params::parse(params.as_str()).and_then(|params| topic(&params));
            let topic = match topic {
                Ok(topic) => topic,
                Err(error) => {
                    pending.reject(error).await;
                    return;
                }
            };
            // from now on, so that nothing is missed between the answer and the first event
            let mut events = rpc.node.subscribe();
            let Ok(sink) = pending.accept().await else { return };
            let metrics = &rpc.node.metrics;
            metrics.subscriptions.fetch_add(1, Ordering::Relaxed);
            loop {
                let event = tokio::select! {
                    () = sink.closed() => break,
                    event = events.recv() => event,
                };
                let is_open = match event {
                    Ok(event) => tell(&rpc, &sink, &topic, &event).await,
                    // it is told everything in order or nothing more
                    Err(RecvError::Lagged(_)) => {
                        Metrics::count(&metrics.dropped_subscribers);
                        false
                    }
                    Err(RecvError::Closed) => false,
                };
                if !is_open {
                    break;
                }
            }
            metrics.subscriptions.fetch_sub(1, Ordering::Relaxed);
        },
    )?;
    Ok(())
}

fn topic(params: &Params) -> Result<Topic, RpcError> {
    Ok(match params.get::<String>(0)?.as_str() {
        "newHeads" => Topic::Heads,
        "logs" => Topic::Logs(Box::new(LogFilter::read(params, 1)?)),
        "newPendingTransactions" => Topic::Pending { whole: params.optional(1)?.unwrap_or(false) },
        other => {
            return Err(RpcError::params(format!(
                "there is no subscription {other:?}; there are newHeads, logs and \
                 newPendingTransactions"
            )));
        }
    })
}

/// Tells a subscriber of an event. `false` if it is gone, or does not read.
async fn tell(rpc: &Rpc, sink: &SubscriptionSink, topic: &Topic, event: &Event) -> bool {
    let messages: Vec<Value> = match (topic, event) {
        (Topic::Heads, Event::Block(block)) => {
            vec![form::header(&block.header, Some(block.hash)).into()]
        }
        (Topic::Logs(filter), Event::Block(block)) => {
            filter.of_block(&filter.blooms(), block).map(|placed| form::log(&placed)).collect()
        }
        (Topic::Pending { whole: false }, Event::Pending(waiting)) => {
            vec![form::hash(&waiting.transaction.hash)]
        }
        (Topic::Pending { whole: true }, Event::Pending(waiting)) => {
            vec![form::waiting(waiting, rpc.base_fee())]
        }
        _ => Vec::new(),
    };
    for message in messages {
        let method = sink.method_name();
        let Ok(message) = SubscriptionMessage::new(method, sink.subscription_id(), &message) else {
            return false;
        };
        let sent = sink.send_timeout(message, std::time::Duration::from_secs(5));
        if sent.await.is_err() {
            Metrics::count(&rpc.node.metrics.dropped_subscribers);
            return false;
        }
    }
    true
}
