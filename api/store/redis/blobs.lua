-- How long ago a blob was put. Redis counts the time since a key's last use itself, but not while it saves to disk; so a
-- put of a blob that is there leaves a mark beside it (same slot), which goes by itself after `markMs`.
local markMs = 86400000

local function mark(blob)
  return 'sg:put:{' .. blob .. '}'
end

-- Makes a blob new again. -> "1" | "0" (there is none)
redis.register_function('sparegrid_4_renew_blob', function(keys)
  if redis.call('EXISTS', keys[1]) == 0 then
    return '0'
  end
  redis.call('SET', mark(keys[1]), '', 'PX', markMs)
  return '1'
end)

-- Removes a blob that was neither put nor read for idleMs. args: idleMs -> "1" | "0"
redis.register_function('sparegrid_4_remove_idle_blob', function(keys, args)
  local idleSeconds = redis.call('OBJECT', 'IDLETIME', keys[1])
  if not idleSeconds then
    return '0'
  end
  local idleMs = tonumber(args[1])
  local markLeftMs = redis.call('PTTL', mark(keys[1]))
  if idleSeconds * 1000 < idleMs or (markLeftMs >= 0 and markMs - markLeftMs < idleMs) then
    return '0'
  end
  redis.call('UNLINK', keys[1], mark(keys[1]))
  return '1'
end)
