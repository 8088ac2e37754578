//! Values and parameters, between the interface and Postgres. What is accepted where is what
//! tokio-postgres accepts, so that a component which works here works on Spin.

use std::error::Error;

use boxoffice_host_bindings::platform::spin::postgres::postgres as wit;
use bytes::{Buf, BufMut, BytesMut};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use postgres_protocol::types as wire;
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Column, Row};

type Boxed = Box<dyn Error + Sync + Send>;

/// A parameter ready to be sent.
pub(super) type Parameter = Box<dyn ToSql + Sync + Send>;

/// Turns a guest's parameters into Postgres's.
///
/// # Errors
/// A value that is not what its type says: no date, no UUID, no JSON, no decimal.
pub(super) fn parameters(values: Vec<wit::ParameterValue>) -> Result<Vec<Parameter>, wit::Error> {
    values
        .into_iter()
        .map(|value| parameter(value).map_err(|e| wit::Error::BadParameter(format!("{e:?}"))))
        .collect()
}

fn parameter(value: wit::ParameterValue) -> anyhow::Result<Parameter> {
    use wit::ParameterValue as P;
    Ok(match value {
        P::Boolean(v) => Box::new(v),
        P::Int8(v) => Box::new(v),
        P::Int16(v) => Box::new(v),
        P::Int32(v) => Box::new(v),
        P::Int64(v) => Box::new(v),
        P::Floating32(v) => Box::new(v),
        P::Floating64(v) => Box::new(v),
        P::Str(v) => Box::new(v),
        P::Binary(v) => Box::new(v),
        P::Date(v) => Box::new(date(v)?),
        P::Time(v) => Box::new(time(v)?),
        P::Datetime((y, mo, d, h, mi, s, ns)) => {
            Box::new(NaiveDateTime::new(date((y, mo, d))?, time((h, mi, s, ns))?))
        }
        P::Timestamp(v) => Box::new(
            DateTime::<Utc>::from_timestamp(v, 0)
                .ok_or_else(|| anyhow::anyhow!("{v} is not a valid timestamp"))?,
        ),
        P::Uuid(v) => Box::new(uuid::Uuid::parse_str(&v)?),
        P::Jsonb(v) => Box::new(serde_json::from_slice::<serde_json::Value>(&v)?),
        P::Decimal(v) => Box::new(decimal(&v)?),
        P::RangeInt32(v) => Box::new(Range(v)),
        P::RangeInt64(v) => Box::new(Range(v)),
        P::RangeDecimal((lower, upper)) => {
            let bound = |bound: Option<(String, wit::RangeBoundKind)>| {
                bound.map(|(value, kind)| anyhow::Ok((decimal(&value)?, kind))).transpose()
            };
            Box::new(Range((bound(lower)?, bound(upper)?)))
        }
        P::ArrayInt32(v) => Box::new(v),
        P::ArrayInt64(v) => Box::new(v),
        P::ArrayStr(v) => Box::new(v),
        P::ArrayDecimal(v) => {
            let decimals = v.iter().map(|v| v.as_deref().map(decimal).transpose());
            Box::new(decimals.collect::<anyhow::Result<Vec<_>>>()?)
        }
        P::Interval(v) => Box::new(Interval(v)),
        P::DbNull => Box::new(Null),
    })
}

fn date((year, month, day): (i32, u8, u8)) -> anyhow::Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| anyhow::anyhow!("{year}-{month}-{day} is not a valid date"))
}

fn time((hour, minute, second, nano): (u8, u8, u8, u32)) -> anyhow::Result<NaiveTime> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nano)
        .ok_or_else(|| anyhow::anyhow!("{hour}:{minute}:{second}.{nano} is not a valid time"))
}

fn decimal(text: &str) -> anyhow::Result<Decimal> {
    Decimal::from_str_exact(text).map_err(|e| anyhow::anyhow!("{text} is not a valid decimal: {e}"))
}

/// A column's name and type.
pub(super) fn column(column: &Column) -> wit::Column {
    wit::Column { name: column.name().to_owned(), data_type: data_type(column.type_()) }
}

fn data_type(ty: &Type) -> wit::DbDataType {
    use wit::DbDataType as D;
    match *ty {
        Type::BOOL => D::Boolean,
        Type::INT2 => D::Int16,
        Type::INT4 => D::Int32,
        Type::INT8 => D::Int64,
        Type::FLOAT4 => D::Floating32,
        Type::FLOAT8 => D::Floating64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => D::Str,
        Type::BYTEA => D::Binary,
        Type::DATE => D::Date,
        Type::TIME => D::Time,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => D::Datetime,
        Type::UUID => D::Uuid,
        Type::JSONB => D::Jsonb,
        Type::NUMERIC => D::Decimal,
        Type::INT4_RANGE => D::RangeInt32,
        Type::INT8_RANGE => D::RangeInt64,
        Type::NUM_RANGE => D::RangeDecimal,
        Type::INT4_ARRAY => D::ArrayInt32,
        Type::INT8_ARRAY => D::ArrayInt64,
        Type::NUMERIC_ARRAY => D::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => D::ArrayStr,
        Type::INTERVAL => D::Interval,
        _ => D::Other(ty.name().to_owned()),
    }
}

/// A row's values.
///
/// # Errors
/// A value that has no place in the interface, such as a decimal of too many digits.
pub(super) fn row(row: &Row) -> Result<Vec<wit::DbValue>, wit::Error> {
    (0..row.len())
        .map(|n| cell(row, n))
        .collect::<Result<_, _>>()
        .map_err(|error| wit::Error::ValueConversionFailed(format!("{error:?}")))
}

fn cell(row: &Row, n: usize) -> Result<wit::DbValue, tokio_postgres::Error> {
    use wit::DbValue as V;
    match *row.columns()[n].type_() {
        Type::BOOL => get(row, n, V::Boolean),
        Type::INT2 => get(row, n, V::Int16),
        Type::INT4 => get(row, n, V::Int32),
        Type::INT8 => get(row, n, V::Int64),
        Type::FLOAT4 => get(row, n, V::Floating32),
        Type::FLOAT8 => get(row, n, V::Floating64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => get(row, n, V::Str),
        Type::BYTEA => get(row, n, V::Binary),
        Type::DATE => get(row, n, |v| V::Date(date_parts(v))),
        Type::TIME => get(row, n, |v| V::Time(time_parts(v))),
        Type::TIMESTAMP => get(row, n, datetime),
        Type::TIMESTAMPTZ => get(row, n, |v: DateTime<Utc>| datetime(v.naive_utc())),
        Type::UUID => get(row, n, |v: uuid::Uuid| V::Uuid(v.to_string())),
        Type::JSONB => get(row, n, |v: serde_json::Value| V::Jsonb(v.to_string().into_bytes())),
        Type::NUMERIC => get(row, n, |v: Decimal| V::Decimal(v.to_string())),
        Type::INT4_RANGE => get(row, n, |Range(v)| V::RangeInt32(v)),
        Type::INT8_RANGE => get(row, n, |Range(v)| V::RangeInt64(v)),
        Type::NUM_RANGE => get(row, n, |Range((lower, upper)): Range<Decimal>| {
            let text = |(v, kind): (Decimal, wit::RangeBoundKind)| (v.to_string(), kind);
            V::RangeDecimal((lower.map(text), upper.map(text)))
        }),
        Type::INT4_ARRAY => get(row, n, V::ArrayInt32),
        Type::INT8_ARRAY => get(row, n, V::ArrayInt64),
        Type::NUMERIC_ARRAY => get(row, n, |v: Vec<Option<Decimal>>| {
            V::ArrayDecimal(v.into_iter().map(|v| v.map(|v| v.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => get(row, n, V::ArrayStr),
        Type::INTERVAL => get(row, n, |Interval(v)| V::Interval(v)),
        _ => get(row, n, |Raw(v)| V::Unsupported(v)),
    }
}

fn get<'r, V: FromSql<'r>>(
    row: &'r Row,
    n: usize,
    wrap: impl FnOnce(V) -> wit::DbValue,
) -> Result<wit::DbValue, tokio_postgres::Error> {
    Ok(row.try_get::<_, Option<V>>(n)?.map_or(wit::DbValue::DbNull, wrap))
}

// Months, days, hours and so on are below 256: the casts lose nothing.

fn date_parts(date: NaiveDate) -> (i32, u8, u8) {
    (date.year(), date.month() as u8, date.day() as u8)
}

fn time_parts(time: NaiveTime) -> (u8, u8, u8, u32) {
    (time.hour() as u8, time.minute() as u8, time.second() as u8, time.nanosecond())
}

fn datetime(value: NaiveDateTime) -> wit::DbValue {
    let ((y, mo, d), (h, mi, s, ns)) = (date_parts(value.date()), time_parts(value.time()));
    wit::DbValue::Datetime((y, mo, d, h, mi, s, ns))
}

/// NULL for any type: an `Option::None` has a type, and Postgres's client insists on it.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Boxed> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The bytes of a type that the interface has no name for.
struct Raw(Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Boxed> {
        Ok(Self(raw.to_owned()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[derive(Debug)]
struct Interval(wit::Interval);

impl ToSql for Interval {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        out.put_i64(self.0.micros);
        out.put_i32(self.0.days);
        out.put_i32(self.0.months);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }

    to_sql_checked!();
}

impl FromSql<'_> for Interval {
    fn from_sql(_: &Type, mut raw: &[u8]) -> Result<Self, Boxed> {
        if raw.len() != 16 {
            return Err("an interval must have 16 bytes".into());
        }
        let (micros, days, months) = (raw.get_i64(), raw.get_i32(), raw.get_i32());
        Ok(Self(wit::Interval { micros, days, months }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }
}

type Bound<V> = Option<(V, wit::RangeBoundKind)>;

/// A range; a bound that is not there is open.
#[derive(Debug)]
struct Range<V>((Bound<V>, Bound<V>));

/// Which ranges have bounds of a type.
trait Bounds {
    const RANGE: Type;
    const ELEMENT: Type;
}

impl Bounds for i32 {
    const RANGE: Type = Type::INT4_RANGE;
    const ELEMENT: Type = Type::INT4;
}

impl Bounds for i64 {
    const RANGE: Type = Type::INT8_RANGE;
    const ELEMENT: Type = Type::INT8;
}

impl Bounds for Decimal {
    const RANGE: Type = Type::NUM_RANGE;
    const ELEMENT: Type = Type::NUMERIC;
}

impl<V: Bounds + ToSql> ToSql for Range<V> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        let (lower, upper) = &self.0;
        wire::range_to_sql(|out| put_bound(lower, out), |out| put_bound(upper, out), out)?;
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == V::RANGE
    }

    to_sql_checked!();
}

fn put_bound<V: Bounds + ToSql>(
    bound: &Bound<V>,
    out: &mut BytesMut,
) -> Result<wire::RangeBound<postgres_protocol::IsNull>, Boxed> {
    let Some((value, kind)) = bound else { return Ok(wire::RangeBound::Unbounded) };
    value.to_sql(&V::ELEMENT, out)?;
    Ok(match kind {
        wit::RangeBoundKind::Inclusive => {
            wire::RangeBound::Inclusive(postgres_protocol::IsNull::No)
        }
        wit::RangeBoundKind::Exclusive => {
            wire::RangeBound::Exclusive(postgres_protocol::IsNull::No)
        }
    })
}

impl<'r, V: Bounds + FromSql<'r>> FromSql<'r> for Range<V> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Boxed> {
        match wire::range_from_sql(raw)? {
            wire::Range::Empty => Err("the interface cannot express an empty range".into()),
            wire::Range::Nonempty(lower, upper) => {
                Ok(Self((take_bound(lower)?, take_bound(upper)?)))
            }
        }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == V::RANGE
    }
}

fn take_bound<'r, V: Bounds + FromSql<'r>>(
    bound: wire::RangeBound<Option<&'r [u8]>>,
) -> Result<Bound<V>, Boxed> {
    let (raw, kind) = match bound {
        wire::RangeBound::Inclusive(raw) => (raw, wit::RangeBoundKind::Inclusive),
        wire::RangeBound::Exclusive(raw) => (raw, wit::RangeBoundKind::Exclusive),
        wire::RangeBound::Unbounded => return Ok(None),
    };
    let raw = raw.ok_or("a bound cannot be null")?;
    Ok(Some((V::from_sql(&V::ELEMENT, raw)?, kind)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use wit::RangeBoundKind::{Exclusive, Inclusive};

    /// Through the wire's form and back.
    fn round<V: ToSql, W: for<'r> FromSql<'r>>(value: V, ty: Type) -> W {
        let mut out = BytesMut::new();
        assert!(matches!(value.to_sql_checked(&ty, &mut out).unwrap(), IsNull::No));
        assert!(W::accepts(&ty));
        let out: &'static [u8] = Box::leak(out.to_vec().into_boxed_slice());
        W::from_sql(&ty, out).unwrap()
    }

    #[test]
    fn ranges_and_intervals_keep_their_value() {
        let Range(back) =
            round(Range((Some((1, Inclusive)), Some((9, Exclusive)))), Type::INT4_RANGE);
        assert!(matches!(back, (Some((1_i32, Inclusive)), Some((9, Exclusive)))));
        let Range(back) = round(Range((None::<(i64, _)>, Some((9, Inclusive)))), Type::INT8_RANGE);
        assert!(matches!(back, (None::<(i64, _)>, Some((9, Inclusive)))));
        let price = decimal("12.50").unwrap();
        let Range(back) = round(Range((Some((price, Inclusive)), None)), Type::NUM_RANGE);
        assert!(matches!(back, (Some((back, Inclusive)), None::<(Decimal, _)>) if back == price));
        let Interval(back) =
            round(Interval(wit::Interval { micros: -1, days: 2, months: 3 }), Type::INTERVAL);
        assert_eq!((back.micros, back.days, back.months), (-1, 2, 3));
    }

    #[test]
    fn a_parameter_fits_its_column_only() {
        let mut out = BytesMut::new();
        let number = parameter(wit::ParameterValue::Int32(1)).unwrap();
        assert!(number.to_sql_checked(&Type::INT8, &mut out).is_err());
        assert!(number.to_sql_checked(&Type::INT4, &mut out).is_ok());
        let null = parameter(wit::ParameterValue::DbNull).unwrap();
        assert!(matches!(null.to_sql_checked(&Type::UUID, &mut out).unwrap(), IsNull::Yes));
    }

    #[test]
    fn values_that_are_none_are_bad_parameters() {
        use wit::ParameterValue as P;
        for value in [
            P::Date((2026, 13, 1)),
            P::Time((24, 0, 0, 0)),
            P::Timestamp(i64::MAX),
            P::Uuid("x".into()),
            P::Jsonb(b"{".to_vec()),
            P::Decimal("1,5".into()),
            P::ArrayDecimal(vec![Some("x".into())]),
        ] {
            let error = parameters(vec![value]).err().unwrap();
            assert!(matches!(error, wit::Error::BadParameter(_)), "{error:?}");
        }
    }
}
