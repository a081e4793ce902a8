-- Lets public requests wait while the hold's deadline lies ahead; it opens by itself when nobody renews it.
-- A map is the only state: a dead control plane leaves a deadline behind, and a restart reads it from the file.
local HOLD = Map.new("maps/hold.map", Map._str)
local MAINTENANCE = Map.new("maps/maintenance.map", Map._str)

-- The wall clock, as the deadline is by it; core.now() ignores later corrections of the host's clock.
local function lapsed(txn, deadline)
  return txn.f:date(0, "ms") >= deadline
end

core.register_action("hold", { "http-req" }, function(txn)
  local pause = 10
  local counted = false
  while true do
    local deadline = tonumber(HOLD:lookup("public") or "0") or 0
    if deadline == 0 or MAINTENANCE:lookup("public") == "on" then
      return
    end
    if lapsed(txn, deadline) then
      txn:set_var("txn.lapsed", true)
      return
    end
    if not counted then
      counted = true
      txn.f:sc_inc_gpc(0, 0)
    end
    core.msleep(pause)
    -- Short waits first for quick answers, longer ones later so that thousands of waiting requests stay cheap.
    if pause < 40 then
      pause = pause + 10
    end
  end
end, 0)
