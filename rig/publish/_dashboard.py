"""The Grafana dashboard over the metrics of many runs, as code: its JSON is generated, never edited.

Needs the package ``grafana-foundation-sdk``, which only those who change the
dashboard install.
"""

from __future__ import annotations

from typing import Any

from rig.publish._panels import ROWS, Panel

UID = "microros-shm-rig"
FILE = "microros-shm-rig.json"


def dashboard() -> str:
    """The dashboard as JSON in Grafana's classic schema.

    :raises ImportError: ``grafana-foundation-sdk`` is not installed.
    """
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as models  # noqa: PLC0415

    board = (
        builders.Dashboard("micro-ROS SHM rig")
        .uid(UID)
        .tags(["micro-ROS", "shared memory"])
        .description("Verdicts and figures of every run of the rig, from metrics.prom.")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time("now-30d", "now")
        .refresh("5m")
        .timezone("utc")
        .with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(_variable("board", "label_values(rig_board_info, board)"))
        .with_variable(_variable("claim", "label_values(rig_claim_verdict, claim)"))
    )
    for title, panels in ROWS.items():
        board = board.with_row(builders.Row(title))
        for panel in panels:
            board = board.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _source() -> Any:
    from grafana_foundation_sdk.models.dashboard import DataSourceRef  # noqa: PLC0415

    return DataSourceRef(type_val="prometheus", uid="${datasource}")


def _variable(name: str, query: str) -> Any:
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as models  # noqa: PLC0415

    return (
        builders.QueryVariable(name)
        .label(name)
        .datasource(_source())
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(models.VariableOption(text="All", value="$__all", selected=True))
    )


def _panel(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import prometheus  # noqa: PLC0415
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat  # noqa: PLC0415

    builder = {"timeseries": _lines, "stat": _stat, "state": _states, "table": _table}[panel.kind](panel)
    builder = builder.title(panel.title).description(panel.description).datasource(_source()).span(panel.width)
    if panel.kind != "table":
        builder = builder.unit(panel.unit)
    for index, (expression, legend) in enumerate(panel.queries):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id("ABCDEFGH"[index])
        query = query.instant().format(PromQueryFormat.TABLE) if panel.kind == "table" else query.range()
        builder = builder.with_target(query)
    return builder


def _lines(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, timeseries  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415

    scale = common.ScaleDistributionConfig()
    scale = (
        scale.type(models.ScaleDistribution.LOG).log(10) if panel.log else scale.type(models.ScaleDistribution.LINEAR)
    )
    legend = (
        common.VizLegendOptions()
        .display_mode(models.LegendDisplayMode.TABLE)
        .placement(models.LegendPlacement.RIGHT)
        .calcs(["lastNotNull"])
        .show_legend(True)
    )
    return (
        timeseries.Panel()
        .height(9)
        .scale_distribution(scale)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(models.TooltipDisplayMode.MULTI))
        .line_interpolation(models.LineInterpolation.STEP_AFTER)
        .show_points(models.VisibilityMode.AUTO)
        .fill_opacity(0)
    )


def _stat(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, stat  # noqa: PLC0415
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    steps = [dashboards.Threshold(value=None, color="text")]
    if panel.colour:
        steps.append(dashboards.Threshold(value=1, color=panel.colour))
    return (
        stat.Panel()
        .height(4)
        .graph_mode(models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(builders.ThresholdsConfig().mode(dashboards.ThresholdsMode.ABSOLUTE).steps(steps))
    )


def _states(_: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, statetimeline  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    words = (("not run", "#8c96a3"), ("confirmed", "green"), ("inconclusive", "yellow"), ("refuted", "red"))
    mapping = dashboards.ValueMap(
        options={
            str(value): dashboards.ValueMappingResult(text=text, color=colour, index=value)
            for value, (text, colour) in enumerate(words)
        }
    )
    return (
        statetimeline.Panel()
        .height(14)
        .mappings([mapping])
        .merge_values(True)
        .show_value(models.VisibilityMode.AUTO)
        .row_height(0.85)
        .legend(
            common.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.LIST)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )


def _table(_: Panel) -> Any:
    from grafana_foundation_sdk.builders import table  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    hidden = dict.fromkeys(("Time", "Value", "__name__", "instance", "job"), True)
    return (
        table.Panel()
        .height(7)
        .with_transformation(dashboards.DataTransformerConfig(id_val="organize", options={"excludeByName": hidden}))
    )
