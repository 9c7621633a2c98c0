-- Remembered results of an owner; all keys begin with sg:memo:{owner} and live in one slot:
--   …:family:F   hash: task -> "by weight\n" and what memo-codec.ts packs
--   …:used       zset: "F task" by when it was used last (ms)
--   …:weight     what all of them weigh
local function split(name)
  return name:match('^(%S+) (%S+)$')
end

local function forget(owner, name)
  local family, task = split(name)
  local key = owner .. ':family:' .. family
  local packed = redis.call('HGET', key, task)
  redis.call('ZREM', owner .. ':used', name)
  if not packed then
    return
  end
  redis.call('HDEL', key, task)
  redis.call('DECRBY', owner .. ':weight', packed:match('^%S+ (%d+)\n'))
end

-- args: the owner's account, nowMs, most weight, family, then for each: task, by, weight, packed -> "ok"
redis.register_function('sparegrid_4_memo_put', function(keys, args)
  local owner = keys[1]
  local account, nowMs, weightMax, family = unpack(args, 1, 4)
  local key = owner .. ':family:' .. family
  for at = 5, #args, 4 do
    local task, by, weight, packed = unpack(args, at, at + 3)
    local before = redis.call('HGET', key, task)
    local kept = before and by ~= account and before:match('^%S+') == account
    if not kept then
      forget(owner, family .. ' ' .. task)
      redis.call('HSET', key, task, by .. ' ' .. weight .. '\n' .. packed)
      redis.call('ZADD', owner .. ':used', nowMs, family .. ' ' .. task)
      redis.call('INCRBY', owner .. ':weight', weight)
    end
  end
  while tonumber(redis.call('GET', owner .. ':weight') or '0') > tonumber(weightMax) do
    local oldest = redis.call('ZRANGE', owner .. ':used', 0, 0)[1]
    if not oldest then
      break
    end
    forget(owner, oldest)
  end
  return 'ok'
end)

-- args: nowMs, family, tasks… -> "ok"
redis.register_function('sparegrid_4_memo_used', function(keys, args)
  for at = 3, #args do
    redis.call('ZADD', keys[1] .. ':used', 'XX', args[1], args[2] .. ' ' .. args[at])
  end
  return 'ok'
end)

-- Forgets up to `count` that were used before a time, the oldest first. args: usedSinceMs ("+inf" for any), count
-- -> how many were forgotten
redis.register_function('sparegrid_4_memo_forget', function(keys, args)
  local oldest = redis.call('ZRANGEBYSCORE', keys[1] .. ':used', '-inf', '(' .. args[1], 'LIMIT', 0, args[2])
  for _, name in ipairs(oldest) do
    forget(keys[1], name)
  end
  if redis.call('EXISTS', keys[1] .. ':used') == 0 then
    redis.call('UNLINK', keys[1] .. ':weight')
  end
  return tostring(#oldest)
end)
