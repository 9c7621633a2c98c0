-- args: request, completions, then for each: token, lo, hi, bytes, fuel, earner, control (JSON or ""), outputs, then for
-- each output: "level:chunk", index, packed
-- -> lines: results ("a" accepted, "l" late, "s" stale), redundant tokens, stage, done, tasks, finished ("1"),
--    outputs, bytes, fuel and control of the stage
-- Moves the front of the lease's claim. Returns "a", "l" or "s", and whether tasks are pending again.
local function answer(job, token, lo, hi, redundant)
  local id = readLease(job, token)
  if not id or lo >= hi then
    return 's'
  end
  local claim = readClaim(job, id)
  if not claim then
    return 'l'
  end
  if hi > claim.hi or lo > claim.front then
    return 's'
  end
  if hi <= claim.front then
    return 'l'
  end
  if lo < claim.front then
    -- Part of it is new, but outputs of a run are not cut: the holder cannot answer the rest in order any more.
    local _, _, requeued = detach(job, token, false)
    return 'l', requeued
  end
  if hi < claim.hi then
    claim.front = hi
    writeClaim(job, claim)
    return 'a'
  end
  redis.call('HDEL', job .. ':claims', id)
  redis.call('ZREM', job .. ':single', id)
  dropLease(job, token)
  for _, other in ipairs(claim.tokens) do
    if other ~= token then
      table.insert(redundant, other)
    end
  end
  return 'a'
end

verb('complete', function(job, args)
  local stage = readStage(job)
  local results, redundant, requeued = {}, {}, false
  local fuelOf, tasksOf = {}, {}
  local at = 3
  for _ = 1, tonumber(args[2]) do
    local lo, hi, bytes, fuel = tonumber(args[at + 1]), tonumber(args[at + 2]), tonumber(args[at + 3]), tonumber(args[at + 4])
    local earner, control, count = args[at + 5], args[at + 6], tonumber(args[at + 7])
    local result, again = answer(job, args[at], lo, hi, redundant)
    if result == 'a' then
      takeIn(job, stage, hi - lo, bytes, fuel, control, args, at + 8, count)
      fuelOf[earner] = (fuelOf[earner] or 0) + fuel
      tasksOf[earner] = (tasksOf[earner] or 0) + hi - lo
    end
    requeued = requeued or again
    table.insert(results, result)
    at = at + 8 + count * 3
  end
  local stands = sumUp(job, stage)
  local new = stage.new
  if new.tasks > 0 then
    redis.call('HINCRBY', job, 'tasksDone', int(new.tasks))
    redis.call('HINCRBYFLOAT', job, 'fuel', int(new.fuel))
    for earner, fuel in pairs(fuelOf) do
      earn(job, earner, fuel, tasksOf[earner])
    end
  end
  if requeued then
    changed(job, args[1])
  end
  local reply = table.concat({ table.concat(results), table.concat(redundant, ' '), stands }, '\n')
  return reply, new.tasks > 0 or requeued
end)
