"""The style sheet of the pictures: Discord's colours in both themes, and the sizes that the estimates count on."""

THEMES = ("dark", "light")

STYLE = """
.dark{--ground:#1a1a1e;--raised:#242429;--sunk:#1e1e22;--edge:#36363c;--text:#dfe0e2;--strong:#fbfbfb;--muted:#94959c;
--link:#7cb2ff;--hover:#3a3b40;--soft:#323338;--ping:#2f335f;--pinged:#c9cdfb}
.light{--ground:#fbfbfb;--raised:#ffffff;--sunk:#f7f7f8;--edge:#dedee1;--text:#2f3035;--strong:#1f1f24;--muted:#6a6b73;
--link:#0068d6;--hover:#e3e4e8;--soft:#e4e5e9;--ping:#e2e4fc;--pinged:#4752c4}
.ground{fill:var(--ground)}
.page{box-sizing:border-box;padding:16px;color:var(--text);overflow-wrap:anywhere;
font-family:"gg sans","Noto Sans","Helvetica Neue",Helvetica,Arial,"DejaVu Sans","Apple Color Emoji","Segoe UI Emoji",
"Noto Color Emoji",sans-serif}
.page *{box-sizing:border-box}
.page div{unicode-bidi:plaintext}
.column,.said,.text,.frame{display:flex;flex-direction:column;min-width:0}
.said,.section>.text{flex:1}
.message,.section,.fields{display:flex;align-items:flex-start}
.section{gap:16px}.fields{gap:8px}
.caption{font-size:12px;line-height:17px;font-weight:700;letter-spacing:.04em;text-transform:uppercase;color:var(--muted)}
.avatar{flex:none;width:40px;height:40px;border-radius:50%;background:#5865f2;color:#fff;font-weight:700;
line-height:40px;text-align:center}
.head{height:22px;line-height:22px;white-space:nowrap}
.name{color:var(--strong);font-weight:600;margin-right:6px}
.badge{background:#5865f2;color:#fff;font-size:10px;font-weight:700;border-radius:4px;padding:2px 5px;margin-right:6px;
vertical-align:2px}
.clock,.small,.hint{font-size:12px;color:var(--muted)}
.small{line-height:17px}.body .small{line-height:0}.hint{font-size:13px;line-height:17px}.under{padding-left:28px}
.body{font-size:16px;line-height:22px}.inner{font-size:14px;line-height:20px}
.h1,.h2,.h3,.title,.form-title,.strong,.asked{color:var(--strong);font-weight:600}
.h1{font-size:24px;line-height:30px}.h2{font-size:20px;line-height:26px}.h3{font-size:18px;line-height:24px}
.title{font-size:16px;line-height:22px}.form-title{font-size:20px;line-height:26px}
.strong{font-size:14px;line-height:19px}.asked{font-size:15px;line-height:20px}
.link{color:var(--link)}
.h3>.link,.h2>.link{color:inherit}
.star{color:#f23f43}
.author{display:flex;align-items:center;gap:8px;min-height:24px}
.quoted{border-left:4px solid var(--edge);padding-left:10px}
.item{padding-left:12px}
.fence{font:14px/18px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;
background:var(--sunk);border:1px solid var(--edge);border-radius:4px;padding:8px 9px}
code{font:85%/0 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--soft);border-radius:4px;
padding:1px 3px}
.time{background:var(--soft);border-radius:3px;padding:0 2px}
.mention{background:var(--ping);color:var(--pinged);border-radius:3px;padding:0 2px;font-weight:500}
.spoiler{background:var(--soft);color:transparent;border-radius:3px}
.frame{max-width:100%;background:var(--raised);border:1px solid var(--edge);border-left:4px solid var(--edge);
border-radius:6px;padding:12px 16px}
.form{border-left-width:1px;border-radius:8px;padding:17px 16px}
.face{flex:none;display:block;width:80px;height:80px;border-radius:8px;
background:radial-gradient(circle at 50% 38%,#ffd9c2 0 19%,transparent 20%),
radial-gradient(ellipse at 50% 104%,#ffd9c2 0 38%,transparent 39%),linear-gradient(135deg,#4b2a8c,#e0245e)}
.tiny{width:24px;height:24px;border-radius:50%}.wide{width:100%;height:160px}
.row{display:flex;flex-wrap:wrap;gap:8px}
.button{flex:none;height:32px;line-height:32px;border-radius:8px;padding:0 16px;font-size:14px;font-weight:500;
white-space:nowrap;color:#fff}
.primary{background:#5865f2}.success{background:#24823f}.danger{background:#d22d39}.premium{background:#4752c4}
.secondary{background:var(--hover);color:var(--strong)}
.off{opacity:.45}
.separator{display:flex;flex-direction:column;justify-content:center}.line{height:1px;background:var(--edge)}
.field{display:flex;justify-content:space-between;gap:8px;height:42px;background:var(--sunk);
border:1px solid var(--edge);border-radius:8px;padding:10px 12px;font-size:15px;line-height:20px;overflow:hidden;
white-space:nowrap}
.typed{white-space:pre-wrap}
.muted{color:var(--muted)}
.choice{display:flex;gap:10px;font-size:15px;line-height:24px}
.radio,.tick{flex:none;width:18px;height:18px;margin-top:3px;border:1px solid var(--muted);border-radius:50%}
.tick{border-radius:5px}
.radio.on{border:5px solid #5865f2;background:#fff}
.tick.on{border-color:#5865f2;background:#5865f2}
.tick.on::after{content:"";display:block;width:5px;height:9px;margin:1px 0 0 5px;border:solid #fff;border-width:0 2px 2px 0;
transform:rotate(45deg)}
.end{justify-content:flex-end}
"""
