-- args: request, stage, tasks, then for each: task, bytes, fuel, control (JSON or ""), outputs, then for each output (see storeOutputs)
-- -> lines: results ("a" accepted, "l" late, "s" stale), then as `complete` does from its third line on
verb('recall', function(job, args)
  local status, number, tasks, done, stageOutputs, stageBytes, stageFuel = unpack(redis.call('HMGET', job, 'status',
    'number', 'tasks', 'done', 'outputs', 'bytes', 'stageFuel'))
  local isHere = status and not ended(status) and number == args[2]
  local results, controlOfAll = {}, ''
  local added, addedOutputs, addedBytes, addedFuel = 0, 0, 0, 0
  local at = 4
  for _ = 1, tonumber(args[3]) do
    local task, control, count = tonumber(args[at]), args[at + 3], tonumber(args[at + 4])
    local result = 's'
    if isHere then
      result = takePending(job, task, task + 1, 1) and 'a' or 'l'
    end
    if result == 'a' then
      added = added + 1
      addedOutputs = addedOutputs + count
      addedBytes = addedBytes + tonumber(args[at + 1])
      addedFuel = addedFuel + tonumber(args[at + 2])
      storeOutputs(job, number, args, at + 5, count)
      if control ~= '' then
        redis.call('HSET', job, 'control', number .. ' ' .. control)
        controlOfAll = control
      end
    end
    table.insert(results, result)
    at = at + 5 + count * 3
  end
  local finished = '0'
  if added > 0 then
    done = int(done + added)
    stageOutputs = int(stageOutputs + addedOutputs)
    stageBytes = int(stageBytes + addedBytes)
    stageFuel = int(stageFuel + addedFuel)
    redis.call('HSET', job, 'done', done, 'outputs', stageOutputs, 'bytes', stageBytes, 'stageFuel', stageFuel)
    redis.call('HINCRBY', job, 'recalledTasks', added)
    redis.call('HINCRBYFLOAT', job, 'recalledFuel', int(addedFuel))
    finished = tonumber(done) >= tonumber(tasks) and '1' or '0'
  end
  local reply = table.concat({
    table.concat(results),
    '',
    number or '-1',
    done or '0',
    tasks or '0',
    finished,
    finished == '1' and stageOutputs or '0',
    finished == '1' and stageBytes or '0',
    finished == '1' and stageFuel or '0',
    finished == '1' and controlOfAll or '',
  }, '\n')
  return reply, added > 0
end)
