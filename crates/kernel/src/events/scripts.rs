//! What Redis does in one step, in Lua.
//!
//! `spin:redis` flattens nested answers, so that an entry's end is lost. A script therefore answers
//! with a list of words or with one string, of JSON where need be.

/// Appends events to their streams and rings their doorbells; answers with the entries' ids.
///
/// A doorbell starts a worker of every group. Where all of them have yet to look at an entry before
/// this one, they were rung for that, and will find this one beside it; once a few of such rings wait
/// to be heard, no more are added: under load, workers would be started for nothing nearly every time.
/// Unless the last ring is long ago: then it was lost.
///
/// Keys: a hash with when each stream was last rung for and how many rings wait, then each event's
/// stream. Arguments: how long ago is long, in milliseconds, how many rings may wait, then each event
/// and the groups that must read it, with blanks between.
pub(super) const PUBLISH: &str = r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function all_are_behind(stream, groups)
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    if not last then return false end
    local behind = {}
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        local group = {}
        for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
        behind[group['name']] = group['last-delivered-id'] ~= last[1]
    end
    for name in groups:gmatch('%S+') do
        if not behind[name] then return false end
    end
    return true
end
local ids = {}
for i = 2, #KEYS do
    local stream, event, groups = KEYS[i], ARGV[2 * i - 1], ARGV[2 * i]
    local waiting = stream .. ' waiting'
    local known = redis.call('HMGET', KEYS[1], stream, waiting)
    local rung, count = tonumber(known[1] or 0), 0
    if rung > 0 and all_are_behind(stream, groups) then count = tonumber(known[2] or 0) end
    ids[i - 1] = redis.call('XADD', stream, '*', 'event', event)
    if count < tonumber(ARGV[2]) or now - rung >= tonumber(ARGV[1]) then
        redis.call('HSET', KEYS[1], stream, string.format('%.0f', now), waiting, count + 1)
        redis.call('PUBLISH', stream, event)
    end
end
return ids";

/// Appends events to their streams and rings no doorbell; answers with the entries' ids.
///
/// Keys: each event's stream. Arguments: the events.
pub(super) const APPEND: &str = r"
local ids = {}
for i, stream in ipairs(KEYS) do
    ids[i] = redis.call('XADD', stream, '*', 'event', ARGV[i])
end
return ids";

/// Appends to a stream that keeps about so many entries.
///
/// Key: the stream. Arguments: how many it keeps, then each entry's value.
pub(super) const APPEND_CAPPED: &str = r"
for i = 2, #ARGV do
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'news', ARGV[i])
end
return #ARGV - 1";

/// Reads a stream as anyone may. Needs [`ENTRIES`].
///
/// Key: the stream. Arguments: the first entry, how many.
pub(super) const RANGE: &str = r#"
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
return '{"next":"0-0","entries":' .. encode(entries, function() return 0 end) .. '}'"#;

/// Says of each published event where it stands: `h` had by every group that must read it, `w`
/// waiting in the stream for some of them, `l` lost. An entry of the same id that holds another
/// event is another's: Redis was put back to an older state and has gone on from there.
///
/// Key: the stream. Arguments: how many groups, the groups, then each event's entry and id.
pub(super) const STANDING: &str = r"
local found = {}
if redis.call('EXISTS', KEYS[1]) == 1 then
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
        local group = {}
        for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
        found[group['name']] = group
    end
end
local function parts(id)
    local ms, seq = id:match('(%d+)-(%d+)')
    return tonumber(ms), tonumber(seq)
end
local function has_had(name, id)
    local group = found[name]
    if not group then return false end
    local ms, seq = parts(id)
    local last_ms, last_seq = parts(group['last-delivered-id'])
    if ms > last_ms or (ms == last_ms and seq > last_seq) then return false end
    return group['pending'] == 0 or #redis.call('XPENDING', KEYS[1], name, id, id, 1) == 0
end
local function standing(id, event)
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if not (entry and entry[2][2]:find(event, 1, true)) then return 'l' end
    for i = 2, 1 + ARGV[1] do
        if not has_had(ARGV[i], id) then return 'w' end
    end
    return 'h'
end
local standings = {}
for i = 2 + ARGV[1], #ARGV, 2 do
    standings[#standings + 1] = standing(ARGV[i], ARGV[i + 1])
end
return table.concat(standings)";

/// Gives JSON of entries, with the value of their first field as the event.
pub(super) const ENTRIES: &str = r"
local function encode(raw, deliveries)
    local entries = {}
    for _, entry in ipairs(raw) do
        if entry and entry[2] then
            entries[#entries + 1] =
                { id = entry[1], event = entry[2][2], deliveries = deliveries(entry[1]) }
        end
    end
    if #entries == 0 then return '[]' end
    return cjson.encode(entries)
end
";

/// Reads what the group has not had. Needs [`ENTRIES`].
///
/// Key: the stream. Arguments: group, consumer, how many.
pub(super) const READ: &str = r#"
local answer = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], '>')
local entries = answer and encode(answer[1][2], function() return 1 end) or '[]'
return '{"next":"0-0","entries":' .. entries .. '}'"#;

/// Takes over what another reader left unacknowledged; answers with how often each entry has been
/// delivered by now, this time included, and with where to go on (`0-0`: that was all). Needs
/// [`ENTRIES`].
///
/// Key: the stream. Arguments: group, consumer, for how long nobody has touched an entry, where to
/// begin, how many.
pub(super) const CLAIM: &str = r#"
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local entries = encode(claimed[2], function(id)
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
    return pending[1] and pending[1][4] or 1
end)
return '{"next":"' .. claimed[1] .. '","entries":' .. entries .. '}'"#;

/// Gives entries back that were delivered and not looked at: that delivery does not count, and
/// whoever claims next may have them at once.
///
/// Key: the stream. Arguments: group, consumer, for how long to say that nobody has touched them,
/// then each entry and how often it was delivered before.
pub(super) const GIVE_BACK: &str = r"
for i = 4, #ARGV, 2 do
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i],
        'IDLE', ARGV[3], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
end
return (#ARGV - 3) / 2";

/// Moves an entry to the dead letters and out of the group's pending list, both or neither.
///
/// Keys: the stream, the dead letters. Arguments: group, entry, event, deliveries, error, time.
pub(super) const BURY: &str = r"
redis.call('XADD', KEYS[2], '*', 'stream', KEYS[1], 'group', ARGV[1], 'entry', ARGV[2],
    'event', ARGV[3], 'deliveries', ARGV[4], 'error', ARGV[5], 'at', ARGV[6])
return redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])";

/// Trims a stream up to what every group has acknowledged, required or not. A group that must read
/// it and does not exist yet has acknowledged nothing. Entries that are young, or that the outbox
/// still looks after, stay. A stream that nobody must read, and nobody reads, keeps its newest
/// entries for people who look.
///
/// Key: the stream. Arguments: how many entries an unread stream keeps, how young an entry is to
/// stay in milliseconds, the first entry that stays in any case, the groups that must read it.
pub(super) const TRIM: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function parts(id)
    local ms, seq = id:match('(%d+)-(%d+)')
    return tonumber(ms), tonumber(seq)
end
local function older(a, b)
    local at, an = parts(a)
    local bt, bn = parts(b)
    if at ~= bt then return at < bt end
    return an < bn
end
local function after(id)
    local ms, seq = id:match('(%d+)-(%d+)')
    return string.format('%s-%d', ms, tonumber(seq) + 1)
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local keep = string.format('%.0f-0', now - tonumber(ARGV[2]))
if older(ARGV[3], keep) then keep = ARGV[3] end
local seen = {}
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
for _, info in ipairs(groups) do
    local group = {}
    for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
    seen[group['name']] = true
    local pending = redis.call('XPENDING', KEYS[1], group['name'])
    local needs = (pending[1] > 0) and pending[2] or after(group['last-delivered-id'])
    if older(needs, keep) then keep = needs end
end
for i = 4, #ARGV do
    if not seen[ARGV[i]] then return 0 end
end
if #groups == 0 then return redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[1]) end
return redis.call('XTRIM', KEYS[1], 'MINID', keep)";
