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

-- JSON, or "" when the stage has none.
local function controlOf(job, number)
  local of, control = (redis.call('HGET', job, 'control') or ''):match('^(%d+) (.*)$')
  return of == number and control or ''
end

verb('complete', function(job, args)
  local number, tasks, done, tasksDone, fuel, stageOutputs, stageBytes, stageFuel = unpack(redis.call('HMGET', job,
    'number', 'tasks', 'done', 'tasksDone', 'fuel', 'outputs', 'bytes', 'stageFuel'))
  local results, redundant, requeued = {}, {}, false
  local added, addedOutputs, addedBytes, addedFuel = 0, 0, 0, 0
  local fuelOf, tasksOf = {}, {}
  local at = 3
  for _ = 1, tonumber(args[2]) do
    local lo, hi, bytes, itsFuel = tonumber(args[at + 1]), tonumber(args[at + 2]), tonumber(args[at + 3]), tonumber(args[at + 4])
    local earner, control, count = args[at + 5], args[at + 6], tonumber(args[at + 7])
    local result, again = answer(job, args[at], lo, hi, redundant)
    if result == 'a' then
      added = added + hi - lo
      addedOutputs = addedOutputs + count
      addedBytes = addedBytes + bytes
      addedFuel = addedFuel + itsFuel
      fuelOf[earner] = (fuelOf[earner] or 0) + itsFuel
      tasksOf[earner] = (tasksOf[earner] or 0) + hi - lo
      storeOutputs(job, number, args, at + 8, count)
      if control ~= '' then
        redis.call('HSET', job, 'control', number .. ' ' .. control)
      end
    end
    requeued = requeued or again
    table.insert(results, result)
    at = at + 8 + count * 3
  end
  local finished = '0'
  if added > 0 then
    done = int(done + added)
    stageOutputs = int(stageOutputs + addedOutputs)
    stageBytes = int(stageBytes + addedBytes)
    stageFuel = int(stageFuel + addedFuel)
    redis.call('HSET', job, 'done', done, 'tasksDone', int(tasksDone + added), 'fuel', int(fuel + addedFuel),
      'outputs', stageOutputs, 'bytes', stageBytes, 'stageFuel', stageFuel)
    for earner, itsFuel in pairs(fuelOf) do
      earn(job, earner, itsFuel, tasksOf[earner])
    end
    finished = tonumber(done) >= tonumber(tasks) and '1' or '0'
  end
  if requeued then
    changed(job, args[1])
  end
  local reply = table.concat({
    table.concat(results),
    table.concat(redundant, ' '),
    number or '-1',
    done or '0',
    tasks or '0',
    finished,
    finished == '1' and stageOutputs or '0',
    finished == '1' and stageBytes or '0',
    finished == '1' and stageFuel or '0',
    finished == '1' and controlOf(job, number) or '',
  }, '\n')
  return reply, added > 0 or requeued
end)
