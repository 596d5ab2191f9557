//! The progress of a run, in memory and as JSON.

use serde_json::{Value, json};

use super::plan::Plan;
use super::statistics::Statistics;

/// The progress of a run.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// The current time point; earlier ones are written.
    pub(crate) t: usize,
    /// For each level, the number of planes of the time point that are written, in whole files.
    pub(crate) written: Vec<usize>,
    /// The number of full-size planes of the time point that are in the statistics.
    pub(crate) counted: usize,
    /// For each array, the number of its chunk files. Chunks of zeros have none.
    pub(crate) files: Vec<u64>,
    /// One for each channel.
    pub(crate) statistics: Vec<Statistics>,
}

impl Progress {
    /// Of a run that begins, with an array for each of the first `arrays` levels.
    pub(crate) fn new(plan: &Plan, arrays: usize) -> Self {
        let statistics = vec![Statistics::new(); plan.shape[1]];
        Self { t: 0, written: vec![0; plan.levels.len()], counted: 0, files: vec![0; arrays], statistics }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "t": self.t,
            "written": self.written,
            "counted": self.counted,
            "files": self.files,
            "statistics": self.statistics.iter().map(Statistics::to_json).collect::<Vec<_>>(),
        })
    }

    /// The inverse of [`Self::to_json`]; the name of an entry if it cannot be that of a run with this plan and number
    /// of arrays.
    pub(crate) fn from_json(json: &Value, plan: &Plan, arrays: usize) -> Result<Self, &'static str> {
        let [times, channels, depth, height, width] = plan.shape;
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let t = number(&json["t"]).filter(|t| *t <= times).ok_or("t")?;
        let written: Option<Vec<usize>> = json["written"].as_array().ok_or("written")?.iter().map(number).collect();
        let of_levels = |written: &Vec<usize>| {
            let whole = |(planes, level): (&usize, &super::plan::PlannedLevel)| {
                let (size, file) = (level.size()[0], level.array.file()[0]);
                *planes == size || *planes < size && planes.is_multiple_of(file)
            };
            let all_whole = written.len() == plan.levels.len() && written.iter().zip(&plan.levels).all(whole);
            all_whole && (t < times || written.iter().all(|planes| *planes == 0))
        };
        let written = written.filter(of_levels).ok_or("written")?;
        // Planes that are written are not read again, so they must be counted.
        let least = written[0];
        let counted = number(&json["counted"]).filter(|counted| (least..=depth).contains(counted)).ok_or("counted")?;
        let files: Option<Vec<u64>> = json["files"].as_array().ok_or("files")?.iter().map(Value::as_u64).collect();
        let of_arrays = |files: &Vec<u64>| {
            let most = plan.levels.iter().map(|level| level.array.files());
            files.len() == arrays && files.iter().zip(most).all(|(files, most)| *files <= most)
        };
        let files = files.filter(of_arrays).ok_or("files")?;
        let pixels = [times, depth, height, width].iter().fold(1_u64, |all, size| all.saturating_mul(*size as u64));
        let statistics = json["statistics"].as_array().ok_or("statistics")?;
        let statistics: Option<Vec<_>> = statistics.iter().map(|json| Statistics::from_json(json, pixels)).collect();
        let statistics = statistics.filter(|all| all.len() == channels).ok_or("statistics")?;
        Ok(Self { t, written, counted, files, statistics })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array5;

    use super::*;
    use crate::{Levels, PyramidOptions, Volume};

    #[test]
    fn what_does_not_fit_the_plan_is_refused() {
        let image = Array5::<u16>::ones((2, 3, 11, 20, 30));
        let source = Volume::new("image", image.view()).unwrap();
        let options = PyramidOptions::new().levels(Levels::Count(2)).chunk([4, 16, 16]);
        let plan = Plan::new(&source, &options).unwrap();
        let mut progress = Progress::new(&plan, 2);
        (progress.t, progress.counted, progress.written) = (1, 9, vec![8, 11]);
        progress.files = vec![1, 18];
        let good = progress.to_json();
        assert_eq!(Progress::from_json(&good, &plan, 2).unwrap().to_json(), good);
        let end =
            json!({ "t": 2, "written": [0, 0], "counted": 0, "files": [72, 18], "statistics": good["statistics"] });
        assert!(Progress::from_json(&end, &plan, 2).is_ok());
        for (entry, wrong) in [
            ("t", json!(3)),
            ("t", json!(-1)),
            ("t", json!(1.5)),
            ("written", json!([8])),
            ("written", json!([8, 12])),
            ("written", json!([7, 11])),
            ("written", json!([12, 11])),
            ("written", json!(null)),
            ("counted", json!(12)),
            ("counted", json!(7)),
            ("files", json!([1])),
            ("files", json!([1, 19])),
            ("files", json!([1, -1])),
            ("statistics", json!([])),
            ("statistics", json!([{}, {}, {}])),
        ] {
            let mut state = good.clone();
            state[entry] = wrong;
            assert_eq!(Progress::from_json(&state, &plan, 2).unwrap_err(), entry, "{state}");
        }
        let mut beyond = good.clone();
        beyond["t"] = json!(2);
        assert_eq!(Progress::from_json(&beyond, &plan, 2).unwrap_err(), "written");
        assert_eq!(Progress::from_json(&json!("nonsense"), &plan, 2).unwrap_err(), "t");
    }
}
