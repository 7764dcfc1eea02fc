//! The requests of each door, counted by their answers. Not who asked, nor for what.

use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec};

/// From a page that was rendered to a body that came over a modem, in seconds.
const SECONDS: [f64; 7] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0];

/// A handle to the one count of all doors. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Traffic(HistogramVec);

impl Default for Traffic {
    fn default() -> Self {
        let durations = HistogramOpts::new(
            "beffroi_http_request_duration_seconds",
            "From the head of a request to the head of its answer.",
        );
        let durations = HistogramVec::new(durations.buckets(SECONDS.to_vec()), &["door", "status"]);
        Self(durations.expect("the names are names"))
    }
}

impl Traffic {
    /// Counts what comes to this door.
    pub fn count(&self, door: &'static str, routes: Router) -> Router {
        routes.layer(from_fn_with_state((self.clone(), door), take))
    }

    /// The count, to be shown.
    pub fn figures(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.0.clone())]
    }
}

async fn take(
    State((traffic, door)): State<(Traffic, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    let answered = traffic.0.with_label_values(&[door, response.status().as_str()]);
    answered.observe(begun.elapsed().as_secs_f64());
    response
}
