"""The activities: one short piece of work each, safe to repeat. `ALL` is what function_app registers.

Their names are contracts with running instances: add, never rename.
"""

from activities import (
    access,
    capacity,
    conclusion,
    drift,
    exports,
    imports,
    inventory,
    migrations,
    planning,
    validation,
    workspaces,
)

ALL = (
    planning.select_workspaces,
    inventory.await_scan,
    inventory.collect_scan,
    inventory.list_directly,
    inventory.record_unread,
    conclusion.conclude_plan,
    migrations.current_status,
    migrations.next_workspaces,
    workspaces.inspect_source,
    workspaces.create_workspace,
    capacity.assign_capacity,
    capacity.await_capacity,
    workspaces.next_models,
    exports.export_report,
    imports.import_report,
    imports.await_import,
    imports.record_item_failure,
    workspaces.count_workspace,
    access.grant_access,
    validation.check_workspace,
    validation.refresh_model,
    validation.await_refresh,
    validation.record_refresh_failure,
    workspaces.record_workspace_failure,
    workspaces.finish_workspace,
    migrations.begin_validation,
    migrations.conclude_validation,
    migrations.complete_cutover,
    migrations.record_migration_failure,
    drift.list_connections,
    drift.read_events,
    drift.record_unreadable,
)
