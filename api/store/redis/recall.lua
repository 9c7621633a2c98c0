-- args: request, stage, tasks, then for each: task, bytes, fuel, control (JSON or ""), outputs, then for each output (see storeOutputs)
-- -> lines: results ("a" accepted, "l" late, "s" stale), then as `complete` does from its third line on
verb('recall', function(job, args)
  local stage = readStage(job)
  local isHere = stage.status and not ended(stage.status) and stage.number == args[2]
  local results = {}
  local at = 4
  for _ = 1, tonumber(args[3]) do
    local task, count = tonumber(args[at]), tonumber(args[at + 4])
    local result = 's'
    if isHere then
      result = takePending(job, task, task + 1, 1) and 'a' or 'l'
    end
    if result == 'a' then
      takeIn(job, stage, 1, tonumber(args[at + 1]), tonumber(args[at + 2]), args[at + 3], args, at + 5, count)
    end
    table.insert(results, result)
    at = at + 5 + count * 3
  end
  local stands = sumUp(job, stage)
  local new = stage.new
  if new.tasks > 0 then
    redis.call('HINCRBY', job, 'recalledTasks', new.tasks)
    redis.call('HINCRBYFLOAT', job, 'recalledFuel', int(new.fuel))
  end
  return table.concat(results) .. '\n\n' .. stands, new.tasks > 0
end)
