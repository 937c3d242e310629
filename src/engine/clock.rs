//! PORT: the time of day.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now(&self) -> u64;
}

/// Milliseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Year, month and day of a moment in milliseconds since 1970, by the calendar of Gregory.
#[must_use]
pub fn date(moment: u64) -> (u64, u64, u64) {
    // Days since 0000-03-01, whose years end with the day that some have more.
    let days = moment / DAY + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, and again.
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let (month, early) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + early, month, day - first + 1)
}

/// A moment as `YYYYMMDDhhmmss00`, in UTC (PKCS#11 v3.2 sections 3.2 and 4.3).
#[must_use]
pub fn utc(moment: u64) -> String {
    let (year, month, day) = date(moment);
    let second = moment % DAY / 1000;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00", year % 10_000)
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_dates_of_the_calendar() {
        // Seconds as date(1) of coreutils tells them.
        for (second, told) in [
            (0, "1970010100000000"),
            (951_782_399, "2000022823595900"),
            (951_782_400, "2000022900000000"),
            (951_868_800, "2000030100000000"),
            (978_307_199, "2000123123595900"),
            (1_924_991_999, "2030123123595900"),
            (1_924_992_000, "2031010100000000"),
            (1_740_787_200, "2025030100000000"),
            (4_102_444_800, "2100010100000000"),
            (4_107_542_400, "2100030100000000"),
        ] {
            assert_eq!(utc(second * 1000 + 999), told, "{second}");
        }
    }
}
